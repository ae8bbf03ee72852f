// Two replicas seal, sign and anchor against each other and are killed 200 times, wherever they happen to be. Nothing
// that was committed is lost, nothing is there twice, nothing was acted upon before its seal, no checkpoint contradicts
// another, and the ledger knows each anchor once.
import { spawn } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { keysOf, signersOf } from '../../../app/compose/keys.ts'
import { appManifest } from '../../../app/github/manifest.ts'
import { anchorBranch } from '../../../app/reconcile/anchor.ts'
import { startGitHub } from '../../../app/sandbox/github/start.ts'
import { ended, mustRun } from '../../../app/sandbox/run.ts'
import { until } from '../../../app/sandbox/until.ts'
import { openDatabase } from '../../../app/store/database.ts'
import { createLedger } from '../../../app/store/ledger/ledger.ts'
import { verifyLedger } from '../../../app/store/ledger/verify.ts'
import { withClient } from '../../support/client.ts'
import { memoryLog } from '../../support/memory/log.ts'
import { createTestDatabase } from '../../support/postgres.ts'
import { tenth } from '../../support/tenth.ts'
import type { ReplicaTask } from './replica.ts'

const kills = tenth(Array.from({ length: 200 }, (_, n) => n))
const instance = 'sealing.example'
const replica = fileURLToPath(new URL('replica.ts', import.meta.url))

/** A machine with much else to do takes its time. */
const startMs = 120_000

test(`two sealers, killed ${kills.length} times, lose and double nothing`, {
  timeout: 1_800_000,
}, async () => {
  const dir = await mkdtemp(join(tmpdir(), 'gitsudo-sealing-'))
  const postgres = await createTestDatabase()
  const hub = await startGitHub({
    dir: join(dir, 'hub'),
    clock: { now: () => Date.now() },
    rateLimits: false,
  })
  try {
    const owner = <T>(statement: string) =>
      withClient(postgres.ownerUrl, async (client) => (await client.query(statement)).rows as T[])
    await owner('create table business (n bigint primary key); grant insert on business to gitsudo_app')
    hub.admin.createOrg({ login: 'acme' })
    const made = await hub.admin.createRepository({ owner: 'acme', name: 'ledger', files: { a: 'b' } })
    const app = hub.admin.createApp({
      slug: 'gitsudo',
      owner: 'acme',
      webhookSecret: 'unused',
      permissions: appManifest({ name: 'gitsudo', url: '', webhookUrl: '' }).default_permissions,
      events: [],
    })
    hub.admin.installApp('gitsudo', 'acme/ledger')
    const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const keys = { signing: [pem], mac: [randomBytes(32).toString('base64')] }
    const actedFile = join(dir, 'acted')
    let next = 0
    const task = (from: number): ReplicaTask => ({
      databaseUrl: postgres.appUrl,
      instance,
      keys,
      github: {
        baseUrl: hub.apiUrl,
        appId: app.id,
        privateKey: app.privateKey,
        clientId: app.clientId,
        clientSecret: app.clientSecret,
      },
      anchor: { id: made.id, fullName: 'acme/ledger' },
      from,
      actedFile,
    })
    const said: string[] = []
    /** Numbers of events that some replica acted upon. */
    const acted = () =>
      existsSync(actedFile) ? readFileSync(actedFile, 'utf8').split('\n').filter(Boolean).map(Number) : []
    const start = () => {
      next += 1_000_000
      const own = task(next)
      const child = spawn(process.execPath, [replica], {
        env: { PATH: process.env.PATH, SEALING: JSON.stringify(own) },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => said.push(chunk.toString()))
      const works = () =>
        until(
          `replica ${own.from} to act (${said.join('')})`,
          async () => acted().some((n) => n >= own.from && n < own.from + 1_000_000),
          startMs,
        )
      return { child, works }
    }

    const replicas = [start(), start()]
    try {
      for (const kill of kills) {
        const at = kill % 2
        const victim = replicas[at]
        await victim?.works()
        // Anywhere within a few batches.
        await pause((kill * 37) % 149)
        victim?.child.kill('SIGKILL')
        if (victim !== undefined) await ended(victim.child)
        replicas[at] = start()
      }
      for (const { works } of replicas) await works()
    } finally {
      for (const { child } of replicas) child.kill('SIGKILL')
      for (const { child } of replicas) await ended(child)
    }
    expect(said).toEqual([])

    const database = await openDatabase(postgres.appUrl)
    const ledger = createLedger({
      database,
      keys: keysOf(keys),
      clock: { now: () => Date.now() },
      log: memoryLog(),
      origin: instance,
    })
    await ledger.stop()
    expect(
      await verifyLedger(database, instance, {
        keys: signersOf(instance, keys.signing).map(({ key }) => key),
      }),
    ).toMatchObject({ ok: true })
    await database.close()

    const sealed = await owner<{ n: string; count: string }>(
      `select (substring(request_id from 5))::bigint as n, count(*) from audit_events
       where type = 'grant.intended' group by 1 order by 1`,
    )
    const rows = await owner<{ n: string }>('select n from business order by n')
    expect(sealed.map(({ n }) => n)).toEqual(rows.map(({ n }) => n))
    expect(sealed.filter(({ count }) => count !== '1')).toEqual([])
    const known = new Set(sealed.map(({ n }) => Number(n)))
    expect(acted().filter((n) => !known.has(n))).toEqual([])

    const anchors = await owner<{ commit: string; size: number }>(
      `select commit, (convert_from(body, 'UTF8')::json -> 'data' ->> 'size')::int as size
       from audit_events where type = 'ledger.anchored' order by seq`,
    )
    const log = await mustRun('git', ['-C', made.gitDir, 'rev-list', '--reverse', anchorBranch])
    const commits = log.trim().split('\n')
    expect(anchors.length).toBeGreaterThan(2)
    // The last one may have been killed between its commit and its record: the next replica would have recorded it.
    expect(anchors.map(({ commit }) => commit)).toEqual(commits.slice(0, anchors.length))
    expect(commits.length - anchors.length).toBeLessThanOrEqual(1)
    expect(anchors.map(({ size }) => size)).toEqual(anchors.map(({ size }) => size).toSorted((a, b) => a - b))
    console.log(`${rows.length} events, ${anchors.length} anchors, ${kills.length} kills`)
  } finally {
    await hub.close()
    await postgres.drop()
    await rm(dir, { recursive: true, force: true })
  }
})

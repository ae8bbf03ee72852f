import { execFileSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readCheckpoint } from '../../app/audit/checkpoint.ts'
import type { Verdict } from '../../app/audit/compare/verdict.ts'
import type { LedgerEvent } from '../../app/audit/event.ts'
import { createKeyring } from '../../app/audit/keyring.ts'
import { openNote } from '../../app/audit/note.ts'
import { rotationNote } from '../../app/audit/rotation.ts'
import { signingKeyId } from '../../app/audit/signature.ts'
import type { VerifyAsk } from '../../app/cli/deps.ts'
import { verifyEverything } from '../../app/compose/verify.ts'
import { openDatabase } from '../../app/store/database.ts'
import { putRotation } from '../../app/store/ledger/checkpoints.ts'
import { exportLedger } from '../../app/store/ledger/export.ts'
import { sealBatch } from '../../app/store/ledger/seal.ts'
import { stage as stageEvent } from '../../app/store/ledger/stage.ts'
import { checkpointNow, noteSigner, type Signer } from './checkpoints.ts'
import { withClient } from './client.ts'
import { exampleEvents } from './event-examples.ts'
import { createTestDatabase } from './postgres.ts'
import { quietLog } from './quiet-log.ts'

export const origin = 'test-instance'
const environment = {
  PATH: process.env.PATH ?? '',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
}
const began = Date.UTC(2026, 11, 1)
/** Long after everything on stage. */
export const now = began + 30 * 86_400_000

export type LedgerStage = Awaited<ReturnType<typeof stageLedger>>

/**
 * A ledger of `events` events as the service makes one, on PostgreSQL and in Git: requests that are merged and
 * granted, inputs as evidence, signed events, a checkpoint every `every` events, each anchored. The last checkpoint
 * covers everything.
 * @param rotatesAt so many events or more are there when another key is introduced and signs alone: `next`
 */
export async function stageLedger(events: number, every: number, rotatesAt = Number.POSITIVE_INFINITY) {
  const postgres = await createTestDatabase()
  const database = await openDatabase(postgres.appUrl)
  const dir = await mkdtemp(join(tmpdir(), 'gitsudo-ledger-'))
  const signer = noteSigner(origin)
  const next = noteSigner(origin)
  const keyringOf = ({ key, privateKey }: Signer) =>
    createKeyring({
      signing: { id: signingKeyId(key.publicKey), privateKey },
      publicKeys: new Map(
        [signer, next].map(({ key: { publicKey } }) => [signingKeyId(publicKey), publicKey]),
      ),
      macKey: 'mac-1',
      macSecrets: new Map([['mac-1', Buffer.from('a secret of this test run only')]]),
    })
  let signing = signer
  let keys = keyringOf(signer)
  /** What lies beside each anchor's checkpoint. */
  let published: Readonly<Record<string, string>> = { keys: `${signer.key.text}\n` }
  const git = (args: readonly string[], input = '') => {
    const dates = { GIT_AUTHOR_DATE: '1796083200 +0000', GIT_COMMITTER_DATE: '1796083200 +0000' }
    const people = {
      GIT_AUTHOR_NAME: 'a',
      GIT_AUTHOR_EMAIL: 'a@x',
      GIT_COMMITTER_NAME: 'a',
      GIT_COMMITTER_EMAIL: 'a@x',
    }
    const env = { ...environment, ...dates, ...people }
    return execFileSync('git', ['-C', dir, ...args], { env, input, stdio: 'pipe' })
      .toString()
      .trim()
  }
  /** A commit of exactly these files; paths are flat or below one folder. */
  const commit = (
    files: Readonly<Record<string, string>>,
    parents: readonly string[],
    message = 'change',
  ) => {
    for (const line of git(['ls-files']).split('\n'))
      if (line !== '') git(['update-index', '--force-remove', line])
    for (const [path, text] of Object.entries(files)) {
      const sha = git(['hash-object', '-w', '--stdin'], text)
      git(['update-index', '--add', '--cacheinfo', `100644,${sha},${path}`])
    }
    return git(['commit-tree', git(['write-tree']), ...parents.flatMap((one) => ['-p', one]), '-m', message])
  }
  const point = (branch: string, sha: string) => git(['update-ref', `refs/heads/${branch}`, sha])
  git(['init', '--quiet', '--initial-branch=main'])

  const files: Record<string, string> = { 'README.md': 'an access repository' }
  let tip = commit(files, [])
  let anchor: string | undefined
  const anchors: string[] = []

  const put = async (batch: readonly (readonly [LedgerEvent, string?])[]) => {
    await database.transaction(async (tx) => {
      for (const [event, evidence] of batch) {
        const bytes = evidence === undefined ? undefined : Buffer.from(evidence)
        await stageEvent(tx, keys, event, bytes ? [{ digest: hash('sha256', bytes), bytes }] : [])
      }
    })
    await sealBatch({ database, keys, log: quietLog, origin })
  }
  /** An event as the service writes it, signed where it signs. `change`: of its data. */
  const event = (
    n: number,
    type: LedgerEvent['type'],
    change: LedgerEvent['data'],
    more: Partial<LedgerEvent>,
  ): LedgerEvent => {
    const [example] = exampleEvents(type, n)
    const { sig, evidence: _, ...data } = { ...example.data, ...change }
    const whole = { ...example, ...more, at: new Date(began + n).toISOString(), data }
    return sig === undefined ? whole : keys.sign(whole)
  }

  const anchorNow = async () => {
    const note = await checkpointNow(database, signing, began)
    anchor = commit({ checkpoint: note, ...published }, anchor === undefined ? [] : [anchor])
    anchors.push(anchor)
    point('gitsudo-ledger', anchor)
    return { note, anchor }
  }
  const anchored = (n: number, { note, anchor: sha }: { readonly note: string; readonly anchor: string }) => {
    const { size, root, head } = readCheckpoint(openNote(note, []).text)
    const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
    const data = { size, root: hex(root), head: hex(head), branch: 'gitsudo-ledger' }
    return event(n, 'ledger.anchored', data, { repo: 99, commit: sha })
  }

  const rotate = async () => {
    const note = rotationNote(signer, next)
    await database.transaction((tx) => putRotation(tx, note))
    signing = next
    keys = keyringOf(next)
    published = { keys: `${signer.key.text}\n${next.key.text}\n`, 'rotations/1': note }
  }

  await put([[event(0, 'policy.loaded', {}, { repo: 1, commit: tip })]])
  let waiting: { readonly note: string; readonly anchor: string } | undefined
  for (let n = 1; n < events; ) {
    if (n >= rotatesAt && signing === signer) await rotate()
    const batch: (readonly [LedgerEvent, string?])[] = []
    for (const end = Math.min(events, n + every); n < end; n += 1) {
      const id = `req_${String(n).padStart(26, '0')}`
      const about = { request: id, repo: 1, pull: n, commit: tip }
      if (waiting !== undefined) {
        batch.push([anchored(n, waiting)])
        waiting = undefined
      } else if (n % 10 === 5) {
        const path = `requests/2026/12/request-${n}.yaml`
        files[path] = `request ${n}`
        tip = commit(files, [tip])
        batch.push([event(n, 'grant.intended', { path }, { ...about, grant: id, commit: tip })])
      } else if (n % 10 === 4) {
        const input = `{"input":${n}}`
        const { sig: _, ...data } = exampleEvents('request.evaluated', n)[0].data
        const evaluated = event(n, 'request.created', {}, about)
        batch.push([
          keys.sign({
            ...evaluated,
            type: 'request.evaluated',
            actor: gitsudo,
            data: { ...data, evidence: [hash('sha256', input)] },
          }),
          input,
        ])
      } else batch.push([event(n, 'request.created', { reason: `reason ${n}` }, about)])
    }
    await put(batch)
    waiting = await anchorNow()
  }
  point('main', tip)

  const edit = (statement: string, values?: unknown[]) =>
    withClient(postgres.ownerUrl, async (client) => {
      await client.query("set gitsudo.announced = 'yes'")
      return client.query(statement, values)
    })
  await edit('insert into ledger_origin (origin) values ($1)', [origin])

  let states = 0
  let exports = 0
  return {
    postgres,
    database,
    dir,
    signer,
    next,
    keys,
    git,
    commit,
    point,
    anchors,
    tip,
    event,
    seal: (...events: readonly LedgerEvent[]) => put(events.map((one) => [one] as const)),
    anchorNow,
    /** As the tables' owner, who says so: nothing but what is done shows. */
    edit,
    /** A folder for what runs remember. */
    newState: () => join(dir, `state-${states++}`),
    /** An export of it as it is, in a file. */
    async exported(): Promise<string> {
      const file = join(dir, `export-${exports++}.jsonl`)
      let text = ''
      const write = async (more: string) => {
        text += more
      }
      await exportLedger(database, origin, { keys: [], write })
      await writeFile(file, text)
      return file
    },
    verify: ({ noKey, ...more }: Partial<VerifyAsk> & { readonly noKey?: boolean }): Promise<Verdict> =>
      verifyEverything(
        {
          databaseUrl: postgres.appUrl,
          ...(noKey ? {} : { keys: [signer.key.text] }),
          witnesses: [],
          repositories: [dir],
          fromBackup: false,
          grantWindowMs: 3_600_000,
          offline: false,
          ...more,
        },
        {},
        now,
      ),
    async close() {
      await database.close()
      await postgres.drop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

const gitsudo = { kind: 'app', id: 'gitsudo' } as const

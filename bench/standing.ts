/**
 * A replica with many active grants and nothing due, beside the same without any: resident memory, and what a quiet
 * stretch costs of processor time and transactions, two sweeps a minute among it. Grants are written as their events
 * and rows, in bulk. Reads /proc.
 * `npm run bench:standing [-- --count 100000] [-- --seconds 60]`
 */
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { keysOf } from '../app/compose/keys.ts'
import { gitsudo, issuedEvent } from '../app/grant/events.ts'
import { intendedEvent } from '../app/grant/intent-event.ts'
import type { GrantRow } from '../app/reconcile/ports/store.ts'
import type { Service } from '../app/sandbox/service.ts'
import { openDatabase } from '../app/store/database.ts'
import { createLedger } from '../app/store/ledger/ledger.ts'
import { createStore } from '../app/store/store.ts'
import { type Bed, onBed } from './bed.ts'
import { intentOf } from './core.ts'
import { aim, figure } from './figures.ts'

const { values } = parseArgs({
  options: { count: { type: 'string', default: '100000' }, seconds: { type: 'string', default: '60' } },
})
const count = Number(values.count)
const seconds = Number(values.seconds)
const chunk = 1000
const clock = { now: () => Date.now() }

type Quiet = { readonly megabytes: number; readonly cpuMs: number; readonly transactions: number }

/** What a stretch costs in which nothing is due. */
const quietStretch = async (bed: Bed, { child }: Service): Promise<Quiet> => {
  const read = async () => {
    const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8')
    // After the name in brackets; ticks of 10 ms.
    const [user, system] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13)
    const [row] = await bed.query('select sum(xact_commit) as n from pg_stat_database')
    return { cpuMs: 10 * (Number(user) + Number(system)), transactions: Number(row?.n) }
  }
  // Until what a start brings up has settled.
  let before = await read()
  for (let waited = 0; waited < 180; waited += 5) {
    await pause(5000)
    const now = await read()
    const busy = now.cpuMs - before.cpuMs > 1000
    before = now
    if (!busy) break
  }
  await pause(seconds * 1000)
  const after = await read()
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8')
  return {
    megabytes: (Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024) / 1e6,
    cpuMs: after.cpuMs - before.cpuMs,
    transactions: after.transactions - before.transactions,
  }
}

const fill = async (bed: Bed): Promise<void> => {
  const state = join(dirname(bed.world.service.config), 'state', 'keys')
  const key = (name: string) => readFile(join(state, name), 'utf8')
  const keys = keysOf({ signing: [await key('signing.pem')], mac: [await key('mac.key')] })
  const database = await openDatabase(bed.world.databaseUrl)
  const log = { info: () => undefined, warn: () => undefined, error: console.error, alert: console.error }
  const ledger = createLedger({ database, keys, clock, log, origin: 'sandbox.local' })
  const store = createStore({ database, queue: { wake: async () => undefined }, keys })
  const now = clock.now()
  const endsAt = now + 8 * 3_600_000
  for (let from = 0; from < count; from += chunk) {
    // Of a repository that is none of the configured ones, whose branch would miss their files.
    const intents = Array.from({ length: Math.min(chunk, count - from) }, (_, n) => ({
      ...intentOf(from + n, endsAt, {
        provider: 'mock',
        principal: `dev-${from + n}`,
        cloudRole: 'dev-admin',
        scope: '345678901234',
      }),
      startsAt: now,
    }))
    const rows = intents.map(
      (intent): GrantRow => ({
        id: intent.grant,
        repository: intent.repository,
        pull: intent.pull,
        requester: intent.requester,
        provider: intent.provider,
        role: intent.role,
        scope: intent.scope,
        reason: intent.reason,
        metadata: {},
        state: 'active',
        bindingKey: intent.grant,
        startsAt: now,
        endsAt,
        activeAt: now,
        tries: 0,
        lookAt: endsAt,
        version: 0,
      }),
    )
    const staged = await store.transaction(async (tx) => {
      await store.saveGrants(tx, rows)
      const events = [
        ...intents.map((intent) => intendedEvent(intent, gitsudo, now)),
        ...rows.map((row) => issuedEvent(row, now, row.bindingKey, endsAt)),
      ]
      return ledger.stageAll(
        tx,
        events.map((event) => keys.sign(event)),
      )
    })
    await ledger.sealed(staged, clock.now() + 60_000)
  }
  await ledger.stop()
  await database.close()
}

await onBed(1, async (bed) => {
  const empty = await bed.world.start()
  const without = await quietStretch(bed, empty)
  await empty.stop()
  const began = performance.now()
  await fill(bed)
  figure('active grants', `${count}, written in ${((performance.now() - began) / 1000).toFixed(0)} s`)
  // Their next looks, and the clouds', lie behind the stretch that is measured; no hand of gitsudo's does that.
  await bed.query(`set session_replication_role = replica;
    update grants set look_at = now() + interval '${seconds + 200} seconds';
    update clouds set look_at = now() + interval '1 hour'`)
  const starting = performance.now()
  const full = await bed.world.start()
  figure('to ready', `${((performance.now() - starting) / 1000).toFixed(1)} s`)
  const with_ = await quietStretch(bed, full)
  aim('resident', `${with_.megabytes.toFixed(0)} MB`, '≤ 300 MB', with_.megabytes <= 300)
  figure('resident without grants', `${without.megabytes.toFixed(0)} MB`)
  const cost = ({ cpuMs, transactions }: Quiet) =>
    `${cpuMs} ms of processor time, ${transactions} transactions`
  figure(`${seconds} quiet seconds`, cost(with_))
  figure('the same without grants', cost(without))
  await full.stop()
})

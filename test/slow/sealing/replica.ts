/**
 * A replica's ledger and nothing else, in a process that is there to be killed: business rows with their events as
 * fast as they go, sealed in groups, acted upon once sealed; checkpoints and anchors on a clock that runs 200 times as
 * fast. `SEALING`: JSON of `ReplicaTask`.
 */
import { appendFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { sql } from 'slonik'
import { keysOf, signersOf } from '../../../app/compose/keys.ts'
import { createGitHub } from '../../../app/github/github.ts'
import { anchorBranch, createAnchorer } from '../../../app/reconcile/anchor.ts'
import { keepOnce } from '../../../app/reconcile/keep-ledger.ts'
import { connectionOf, openDatabase, serialise } from '../../../app/store/database.ts'
import { anchorReads } from '../../../app/store/ledger/anchors.ts'
import { createCheckpointer } from '../../../app/store/ledger/checkpointer.ts'
import { createLedger } from '../../../app/store/ledger/ledger.ts'
import { testEvent } from '../../support/events.ts'

export type ReplicaTask = {
  readonly databaseUrl: string
  readonly instance: string
  readonly keys: { readonly signing: readonly string[]; readonly mac: readonly string[] }
  readonly github: Pick<
    Parameters<typeof createGitHub>[0],
    'baseUrl' | 'appId' | 'privateKey' | 'clientId' | 'clientSecret'
  >
  readonly anchor: { readonly id: number; readonly fullName: string }
  /** Numbers of this replica's events begin here. */
  readonly from: number
  /** Where it writes the number of each event that it acted upon. */
  readonly actedFile: string
}

const task = JSON.parse(process.env.SEALING ?? '') as ReplicaTask
const clock = { now: () => Date.now() }
const started = Date.now()
const fast = { now: () => started + (Date.now() - started) * 200 }
const quiet = () => undefined
const log = {
  info: quiet,
  warn: quiet,
  error: quiet,
  alert: (event: string) => process.stdout.write(`${event}\n`),
}

const database = await openDatabase(task.databaseUrl)
const keys = keysOf(task.keys)
const signers = signersOf(task.instance, task.keys.signing)
const ledger = createLedger({ database, keys, clock, log, origin: task.instance })
const checkpoints = {
  ...createCheckpointer({ database, clock: fast, log, keys, origin: task.instance, signers }),
  ...anchorReads({ database, keys, origin: task.instance, noteKeys: signers.map(({ key }) => key) }),
}
const { anchor: branch } = createGitHub({
  ...task.github,
  repositories: [],
  anchor: { ...task.anchor, branch: anchorBranch },
  budget: { takeBudget: async () => ({ ok: true }), holdBudget: async () => undefined },
  clock,
  log,
})
if (branch === undefined) throw new Error('no anchor branch')
const anchorer = createAnchorer({
  branch,
  checkpoints,
  ledger,
  instance: task.instance,
  repository: task.anchor.id,
  clock: fast,
  log,
  store: { transaction: database.transaction, serialise },
  keys,
})

const write = async (n: number): Promise<void> => {
  const event = keys.sign(testEvent(n, { type: 'grant.intended' }))
  const staged = await database.transaction(async (tx) => {
    await connectionOf(tx).query(sql.unsafe`insert into business (n) values (${n})`)
    return ledger.stage(tx, event)
  })
  await ledger.sealed([staged], clock.now() + 60_000)
  appendFileSync(task.actedFile, `${n}\n`)
}
const writers = Array.from({ length: 8 }, async (_, writer) => {
  for (let n = task.from + writer; ; n += 8) await write(n)
})
const keeper = async (): Promise<never> => {
  for (;;) {
    await keepOnce({
      checkpoints,
      witness: async () => undefined,
      anchor: { repository: task.anchor.id, anchorer },
      queue: { wake: () => anchorer.look() },
    })
    await pause(20)
  }
}
await Promise.all([...writers, keeper()])

import type { Clock } from '../../reconcile/ports/clock.ts'
import { LedgerError } from './error.ts'
import { anythingToSeal, type SealDeps, sealBatch } from './seal.ts'

const troubleMs = 1_000

/** One replica's sealer; the lock in `sealBatch` makes one of all replicas' work at a time. */
export type Sealer = {
  /** Resolves when all leaves (hex) are sealed, with their `seq`; throws `not_sealed` at `deadline` (epoch ms). */
  sealed(leaves: readonly string[], deadline: number): Promise<readonly number[]>
  /** Seals what is committed by now, then seals no more. */
  stop(): Promise<void>
}

type Waiter = {
  readonly leaves: readonly string[]
  readonly deadline: number
  readonly done: (seqs: readonly number[]) => void
  readonly failed: (error: unknown) => void
}

/**
 * Group commit: while one batch is on its way, everybody who asks joins the next. Between batches it looks
 * every `pollMs` for events that nobody waits for, and for waiters whose events another replica sealed.
 */
export function startSealer(
  deps: SealDeps & {
    readonly clock: Clock
    /** leaf (hex) → seq of what is sealed already, by whomever. */
    readonly find: (leaves: readonly string[]) => Promise<ReadonlyMap<string, number>>
    readonly pollMs?: number
  },
): Sealer {
  const pollMs = deps.pollMs ?? 100
  let waiting: Waiter[] = []
  let asked = false
  let stopping = false
  let resume: (() => void) | undefined

  /** Everything here runs in this loop's own context, never inside the transaction of whoever pokes it. */
  async function run(): Promise<void> {
    for (;;) {
      const last = stopping
      const wait = await turn()
      // More than one batch may have been committed by now.
      if (last && wait > 0) return
      if (wait > 0 && !asked && !stopping) await pause(wait)
    }
  }

  /** One batch. Returns how long to wait, in ms, unless somebody asks. */
  async function turn(): Promise<number> {
    // Only who came before the batch began can count on it.
    const here = waiting
    waiting = []
    asked = false
    try {
      if (here.length === 0 && !(await anythingToSeal(deps))) return pollMs
      const { sealed, more } = await sealBatch(deps)
      await settle(here, sealed)
      return more ? 0 : pollMs
    } catch (cause) {
      deps.log.error('Sealing failed and will be tried again.', { cause })
      giveBack(here, cause)
      return troubleMs
    }
  }

  async function settle(here: readonly Waiter[], sealed: ReadonlyMap<string, number>): Promise<void> {
    const elsewhere = here.flatMap(({ leaves }) => leaves).filter((leaf) => !sealed.has(leaf))
    const found = elsewhere.length > 0 ? await deps.find(elsewhere) : new Map<string, number>()
    for (const waiter of here) {
      const seqs = waiter.leaves.flatMap((leaf) => sealed.get(leaf) ?? found.get(leaf) ?? [])
      if (seqs.length === waiter.leaves.length) waiter.done(seqs)
      else giveBack([waiter])
    }
  }

  function giveBack(waiters: readonly Waiter[], cause?: unknown): void {
    for (const waiter of waiters) {
      if (deps.clock.now() < waiter.deadline) waiting.push(waiter)
      else
        waiter.failed(new LedgerError('not_sealed', 'The ledger did not take an event in time.', { cause }))
    }
  }

  async function pause(ms: number): Promise<void> {
    await new Promise<void>((done) => {
      const timer = setTimeout(done, ms)
      resume = () => {
        clearTimeout(timer)
        done()
      }
    })
    resume = undefined
  }

  const running = run()
  return {
    sealed: (leaves, deadline) =>
      new Promise((done, failed) => {
        if (leaves.length === 0) return done([])
        if (stopping) return failed(new LedgerError('not_sealed', 'The service is stopping.'))
        waiting.push({ leaves, deadline, done, failed })
        asked = true
        resume?.()
      }),
    stop: async () => {
      stopping = true
      resume?.()
      await running
      for (const { failed } of waiting)
        failed(new LedgerError('not_sealed', 'The service stopped before the seal.'))
    },
  }
}

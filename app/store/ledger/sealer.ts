import type { Clock } from '../../reconcile/ports/clock.ts'
import { LedgerError } from './error.ts'
import { anythingToSeal, type SealDeps, sealBatch } from './seal.ts'

const troubleMs = 1_000

/** One replica's sealer; the lock in `sealBatch` makes one of all replicas' work at a time. */
export type Sealer = {
  /**
   * Resolves when all leaves (hex) are sealed, with their `seq`; throws `not_sealed` within a second of `deadline` (epoch
   * ms).
   */
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
      else tooLate(waiter, cause)
    }
  }

  function tooLate({ failed }: Waiter, cause?: unknown): void {
    failed(new LedgerError('not_sealed', 'The ledger did not take an event in time.', { cause }))
  }

  /**
   * A turn hangs for as long as PostgreSQL is silent: nobody waits with it past a deadline, looked at every second. Who
   * comes late has a turn all the same, if it is a quick one. Returns how to end this.
   */
  function watch(waiter: Waiter): () => void {
    const timer = setInterval(() => {
      if (deps.clock.now() >= waiter.deadline) tooLate(waiter)
    }, troubleMs)
    return () => clearInterval(timer)
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
    sealed: async (leaves, deadline) => {
      if (leaves.length === 0) return []
      if (stopping) throw new LedgerError('not_sealed', 'The service is stopping.')
      const { promise, resolve: done, reject: failed } = Promise.withResolvers<readonly number[]>()
      const waiter = { leaves, deadline, done, failed }
      waiting.push(waiter)
      asked = true
      resume?.()
      return promise.finally(watch(waiter))
    },
    stop: async () => {
      stopping = true
      resume?.()
      await running
      for (const { failed } of waiting)
        failed(new LedgerError('not_sealed', 'The service stopped before the seal.'))
    },
  }
}

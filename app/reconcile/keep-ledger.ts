import type { createAnchorer } from './anchor.ts'
import type { Checkpoints, SignedCheckpoint } from './ports/checkpoints.ts'
import type { Log } from './ports/log.ts'
import type { Queue } from './ports/queue.ts'

const everyMs = 1_000
const afterTroubleMs = 10_000

export type KeepLedgerDeps = {
  readonly checkpoints: Pick<Checkpoints, 'make'>
  /** Holds a checkpoint outside; never throws. */
  readonly witness: (checkpoint: SignedCheckpoint) => Promise<void>
  /** Absent: anchoring is off. */
  readonly anchor?: {
    readonly repository: number
    readonly anchorer: Pick<ReturnType<typeof createAnchorer>, 'due'>
  }
  readonly queue: Pick<Queue, 'wake'>
  readonly log: Log
  /** Resolves after `ms`, or sooner when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
}

/** Each replica's clockwork: checkpoints that are due are made and shown around, anchors that are due are woken. */
export const keepLedger = async (deps: KeepLedgerDeps, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    let wait = everyMs
    try {
      await keepOnce(deps)
    } catch (error) {
      deps.log.error('checkpoint or anchor failed and will be tried again', { error })
      wait = afterTroubleMs
    }
    await deps.sleep(wait, signal)
  }
}

export const keepOnce = async ({
  checkpoints,
  witness,
  anchor,
  queue,
}: Pick<KeepLedgerDeps, 'checkpoints' | 'witness' | 'anchor' | 'queue'>): Promise<void> => {
  const due = (await anchor?.anchorer.due()) ?? false
  // So that an anchor holds everything up to its moment, and no event waits longer than a minute.
  const made = await checkpoints.make(due ? 'now' : 'due')
  if (made !== undefined) await witness(made)
  if (due && anchor !== undefined) await queue.wake([{ queue: 'anchor', key: String(anchor.repository) }])
}

import type { LedgerEvent } from '../../audit/event.ts'
import type { GrantState } from '../../grant/state.ts'
import { wakePublish } from '../key.ts'
import type { WakeUp } from '../ports/queue.ts'
import type { GrantRow } from '../ports/store.ts'
import { together } from '../together.ts'
import type { GrantDeps, LookDeps } from './deps.ts'
import type { Situation } from './situation.ts'

/** States that the pull request shows. */
const shown: readonly GrantState[] = ['active', 'ended', 'failed', 'refused', 'quarantined']

/** The look is over: the row says when the next one is due. */
export const done = Symbol('done')

/** Somebody else saved the row since it was read: look again. */
export const moved = Symbol('moved')

type Recording = {
  readonly row: GrantRow
  readonly events: readonly LedgerEvent[]
  readonly wake: readonly WakeUp[]
}

/** Saves a row with the events that say why. @returns what `ledger.sealed` takes, or `moved`, nothing having changed */
export type Recorder = (recording: Recording) => Promise<readonly string[] | typeof moved>

/**
 * Grants that are recorded at the same time share a transaction: at a burst of ends its commit is what they wait for.
 * Of one grant it has one recording, the first of those that read it last.
 */
export const createRecorder = (deps: Pick<GrantDeps, 'store' | 'ledger' | 'queue' | 'keys'>): Recorder =>
  together((all) =>
    deps.store.transaction(async (tx) => {
      const newest = new Map<string, Recording>()
      for (const one of all) {
        if (one.row.version > (newest.get(one.row.id)?.row.version ?? -1)) newest.set(one.row.id, one)
      }
      const saved = await deps.store.saveGrants(
        tx,
        [...newest.values()].map(({ row }) => row),
      )
      const isOurs = (one: Recording) => newest.get(one.row.id) === one && saved.has(one.row.id)
      const ours = all.filter(isOurs)
      const events = ours.flatMap((one) => one.events.map((event) => deps.keys.sign(event)))
      const staged = (await deps.ledger.stageAll(tx, events)).values()
      const wake = ours.flatMap((one) => one.wake)
      if (wake.length > 0) await deps.queue.wake(wake, tx)
      return all.map((one) => (isOurs(one) ? [...staged.take(one.events.length)] : moved))
    }),
  )

/**
 * Saves the row with the events that say why.
 * @returns the situation as it is now and what `ledger.sealed` takes, or `moved`, nothing having changed
 */
export const record = async (
  { recorder }: Pick<LookDeps, 'recorder'>,
  situation: Situation,
  row: GrantRow,
  events: readonly LedgerEvent[] = [],
  wake: readonly WakeUp[] = [],
): Promise<{ readonly situation: Situation; readonly staged: readonly string[] } | typeof moved> => {
  const show = situation.saved?.state !== row.state && shown.includes(row.state)
  const wakeUps = show ? [...wake, wakePublish(row.repository, row.pull)] : wake
  const staged = await recorder({ row, events, wake: wakeUps })
  if (staged === moved) return moved
  const saved = { ...row, version: row.version + 1 }
  return { situation: { ...situation, saved, row: saved }, staged }
}

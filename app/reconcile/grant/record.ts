import type { LedgerEvent } from '../../audit/event.ts'
import type { GrantState } from '../../grant/state.ts'
import { wakePublish } from '../key.ts'
import type { WakeUp } from '../ports/queue.ts'
import type { GrantRow } from '../ports/store.ts'
import type { GrantDeps } from './deps.ts'
import type { Situation } from './situation.ts'

/** States that the pull request shows. */
const shown: readonly GrantState[] = ['active', 'ended', 'failed', 'refused', 'quarantined']

/** Somebody else saved the row since it was read: look again. */
export const moved = Symbol('moved')

/**
 * Saves the row with the events that say why, in one transaction.
 * @returns the situation as it is now and what `ledger.sealed` takes, or `moved`, nothing having changed
 */
export const record = async (
  deps: GrantDeps,
  situation: Situation,
  row: GrantRow,
  events: readonly LedgerEvent[] = [],
  wake: readonly WakeUp[] = [],
): Promise<{ readonly situation: Situation; readonly staged: readonly string[] } | typeof moved> => {
  const show = situation.saved?.state !== row.state && shown.includes(row.state)
  const wakeUps = show ? [...wake, wakePublish(row.repository, row.pull)] : wake
  const staged = await deps.store.transaction(async (tx) => {
    if (!(await deps.store.saveGrant(tx, row))) return moved
    const ids: string[] = []
    for (const event of events) ids.push(await deps.ledger.stage(tx, deps.keys.sign(event)))
    if (wakeUps.length > 0) await deps.queue.wake(wakeUps, tx)
    return ids
  })
  if (staged === moved) return moved
  const saved = { ...row, version: row.version + 1 }
  return { situation: { ...situation, saved, row: saved }, staged }
}

import { driftMs } from '../grant/bounds.ts'
import type { Open } from '../grant/standing.ts'
import { isOver } from '../grant/state.ts'
import type { Clock } from './ports/clock.ts'
import type { Ledger } from './ports/ledger.ts'
import type { Log } from './ports/log.ts'
import type { WakeUp } from './ports/queue.ts'
import type { Store } from './ports/store.ts'

/** Back-off and the timer's own delay. */
const lateMs = 90_000
/** A cloud may ask us to wait; for longer than this it never did. */
const farMs = 3_600_000

type Timer = Awaited<ReturnType<Store['grantTimers']>>[number]

/**
 * Grants that the ledger leaves open and that no timer would bring to their end: rows that are gone, that say they
 * are over, or whose `look_at` is missing or too late. Rows are a cache (trust.md 5.2); their reconciler puts right
 * what it then finds.
 */
export const overlooked = async (deps: {
  readonly ledger: Pick<Ledger, 'standing'>
  readonly store: Pick<Store, 'grantTimers'>
  readonly clock: Clock
  readonly log: Log
}): Promise<readonly WakeUp[]> => {
  const { open } = await deps.ledger.standing()
  if (open.size === 0) return []
  const timers = new Map((await deps.store.grantTimers([...open.keys()])).map((row) => [row.id, row]))
  const now = deps.clock.now()
  const found: WakeUp[] = []
  for (const [id, grant] of open) {
    const by = dueBy(grant, now)
    const row = timers.get(id)
    if (!misses(row, by + lateMs)) continue
    // A scheduled grant without its row has nothing to take away, and never starts.
    if (row === undefined && grant.stage === 'scheduled') deps.log.alert('grant.row_missing', { grant: id })
    else found.push({ queue: 'grant', key: id, ...(now >= grant.intent.endsAt ? { urgent: true } : {}) })
    if (row !== undefined && !isOver(row.state) && misses(row, by + farMs))
      deps.log.alert('grant.row_differs', { grant: id, columns: ['lookAt'] })
  }
  return found
}

/** When a live grant is looked at next, at the latest. */
const dueBy = ({ intent, stage }: Open, now: number): number =>
  stage === 'scheduled' && now < intent.startsAt
    ? intent.startsAt
    : Math.max(now, Math.min(intent.endsAt, now + driftMs))

const misses = (row: Timer | undefined, latest: number): boolean =>
  row === undefined || isOver(row.state) || row.lookAt === undefined || row.lookAt > latest

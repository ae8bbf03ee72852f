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

/** Of those that last, so many are compared a pass: where nothing is due it costs the same for any number. */
const mostAhead = 5000

/**
 * Grants that the ledger leaves open and that no timer would bring to their end: rows that are gone, that say they
 * are over, or whose `look_at` is missing or too late. Rows are a cache (trust.md 5.2); their reconciler puts right
 * what it then finds. Every pass looks at all that are to be taken away, and at a part of the others from `from` on.
 * @returns what to wake, and where the next pass begins
 */
export const overlooked = async (
  deps: {
    readonly ledger: Pick<Ledger, 'standing'>
    readonly store: Pick<Store, 'grantTimers'>
    readonly clock: Clock
    readonly log: Log
  },
  from: number,
): Promise<{ readonly wake: readonly WakeUp[]; readonly next: number }> => {
  const { open } = await deps.ledger.standing()
  if (open.size === 0) return { wake: [], next: 0 }
  const now = deps.clock.now()
  const past: string[] = []
  const ahead: string[] = []
  for (const [id, grant] of open) (isPast(grant, now) ? past : ahead).push(id)
  const ids = new Set([...past, ...ahead.slice(from, from + mostAhead)])
  const timers = new Map((await deps.store.grantTimers([...ids])).map((row) => [row.id, row]))
  const found: WakeUp[] = []
  for (const id of ids) {
    const grant = open.get(id)
    if (grant === undefined) continue
    const by = dueBy(grant, now)
    const row = timers.get(id)
    if (!misses(row, by + lateMs)) continue
    // A scheduled grant without its row has nothing to take away, and never starts.
    if (row === undefined && grant.stage === 'scheduled') deps.log.alert('grant.row_missing', { grant: id })
    else {
      const urgent = isPast(grant, now) ? { urgent: Math.min(grant.intent.endsAt, now) } : {}
      found.push({ queue: 'grant', key: id, ...urgent })
    }
    if (row !== undefined && !isOver(row.state) && misses(row, by + farMs))
      deps.log.alert('grant.row_differs', { grant: id, columns: ['lookAt'] })
  }
  return { wake: found, next: from + mostAhead < ahead.length ? from + mostAhead : 0 }
}

/** Whether it is to be taken away. */
const isPast = ({ intent, blocked }: Open, now: number): boolean => blocked || now >= intent.endsAt

/** When a live grant is looked at next, at the latest. */
const dueBy = ({ intent, stage }: Open, now: number): number =>
  stage === 'scheduled' && now < intent.startsAt
    ? intent.startsAt
    : Math.max(now, Math.min(intent.endsAt, now + driftMs))

const misses = (row: Timer | undefined, latest: number): boolean =>
  row === undefined || isOver(row.state) || row.lookAt === undefined || row.lookAt > latest

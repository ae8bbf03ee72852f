import { gitsudo, refusedEvent } from '../../grant/events.ts'
import type { Intent } from '../../grant/intent.ts'
import { intendedEvent, scheduledEvent } from '../../grant/intent-event.ts'
import { moveGrant } from '../../grant/moves.ts'
import type { WakeUp } from '../ports/queue.ts'
import type { GrantRow, Tx } from '../ports/store.ts'
import type { GrantDeps } from './deps.ts'
import { fixedBy } from './fixed.ts'
import { readLedger } from './situation.ts'

type OpenDeps = Pick<GrantDeps, 'keys' | 'ledger' | 'queue' | 'clock' | 'log'> & {
  readonly store: Pick<GrantDeps['store'], 'grant' | 'saveGrant' | 'serialise'>
}

/**
 * Opens the grant that a passing verdict at the merge allows, in its transaction: `grant.intended`, or
 * `grant.scheduled` for a start after `now`, signed and staged with the row and the wake-up.
 * @returns what `ledger.sealed` takes
 * @throws when the grant exists: one request, at most one grant for ever (trust.md 3.4)
 */
export const openGrant = async (
  tx: Tx,
  deps: OpenDeps,
  intent: Intent,
  with_: {
    readonly metadata: Readonly<Record<string, string>>
    readonly now: number
    readonly mergedAt?: number
  },
): Promise<string> => {
  const { endsAt, ...terms } = intent
  const later = intent.startsAt > with_.now
  const event = later
    ? scheduledEvent({ ...terms, durationMs: endsAt - intent.startsAt }, gitsudo, with_.now)
    : intendedEvent(intent, gitsudo, with_.now)
  return put(tx, deps, event, {
    ...fixedBy(intent),
    metadata: with_.metadata,
    state: later ? 'scheduled' : 'provisioning',
    // The provider names the binding before the first write; until then the grant shares none.
    bindingKey: intent.grant,
    ...(later || with_.mergedAt === undefined ? {} : { mergedAt: with_.mergedAt }),
    tries: 0,
    lookAt: intent.startsAt,
    version: 0,
  })
}

/**
 * Starts a scheduled grant whose second verdict passed (trust.md 3.7). The duration is the one that was sealed
 * at the merge, whatever the caller or the row says.
 * @returns what `ledger.sealed` takes
 */
export const startGrant = async (tx: Tx, deps: OpenDeps, intent: Intent): Promise<string> => {
  const row = await scheduledRow(deps, intent.grant)
  const { schedule, blocked } = await readLedger(deps, intent.grant)
  if (schedule === undefined || blocked)
    throw new Error(`grant ${intent.grant} has no sealed schedule to start from`)
  const endsAt = intent.startsAt + schedule.durationMs
  if (row.endsAt - row.startsAt !== schedule.durationMs)
    deps.log.alert('grant.row_differs', { grant: intent.grant, columns: ['endsAt'] })
  return put(tx, deps, intendedEvent({ ...intent, endsAt }, gitsudo, deps.clock.now()), {
    ...row,
    state: moveGrant(row.state, 'provisioning'),
    startsAt: intent.startsAt,
    endsAt,
    tries: 0,
    lookAt: intent.startsAt,
  })
}

/** Refuses a scheduled grant whose second verdict did not pass. @returns what `ledger.sealed` takes */
export const refuseGrant = async (tx: Tx, deps: OpenDeps, id: string, why: string): Promise<string> => {
  const { lookAt: _, ...row } = await scheduledRow(deps, id)
  deps.log.alert('grant.refused', { grant: id, repository: row.repository, pull: row.pull, why })
  const event = refusedEvent(row, deps.clock.now(), why)
  return put(tx, deps, event, { ...row, state: moveGrant(row.state, 'refused'), tries: 0, note: why })
}

/** What opening a grant is serialised by. */
export const openingLock = (id: string): string => `opening:${id}`

const scheduledRow = async (deps: OpenDeps, id: string): Promise<GrantRow> => {
  const row = await deps.store.grant(id)
  if (row?.state !== 'scheduled')
    throw new Error(`grant ${id} is ${row?.state ?? 'not there'}, not scheduled`)
  return row
}

const put = async (
  tx: Tx,
  deps: OpenDeps,
  event: Parameters<GrantDeps['keys']['sign']>[0],
  row: GrantRow,
): Promise<string> => {
  // Whoever is taking away what carries its mark without a grant has to be done first (strays.ts).
  await deps.store.serialise(tx, openingLock(row.id))
  if (!(await deps.store.saveGrant(tx, row))) throw new Error(`grant ${row.id} changed meanwhile`)
  const staged = await deps.ledger.stage(tx, deps.keys.sign(event))
  const wake: WakeUp = { queue: 'grant', key: row.id }
  await deps.queue.wake([wake], tx)
  return staged
}

import type { EventType } from '../../audit/event.ts'
import { actorOf } from '../../grant/events.ts'
import type { Intent } from '../../grant/intent.ts'
import { foldLedger, type LedgerView } from '../../grant/ledger-view.ts'
import { correctGrant } from '../../grant/moves.ts'
import { isOver } from '../../grant/state.ts'
import type { GrantView, Seen } from '../../grant/step.ts'
import type { Provider } from '../../provider/port.ts'
import { isTampered, type Sealed } from '../ports/ledger.ts'
import type { GrantRow, RevokeAsk } from '../ports/store.ts'
import type { GrantDeps, LookDeps } from './deps.ts'
import { fixedBy } from './fixed.ts'

/** One grant as observed, and what this look has changed of its row without saving it yet. */
export type Situation = {
  /** As stored; undefined: there is no row. */
  readonly saved: GrantRow | undefined
  readonly row: GrantRow
  readonly ledger: LedgerView
  readonly provider: Provider | undefined
  /** Fence and time of each `ensure` that was never answered. */
  readonly open: readonly { readonly fence: number; readonly openedAt: number }[]
  /** Whether any `ensure` was ever about to be sent. */
  readonly attempted: boolean
  readonly ask: RevokeAsk | undefined
  /** The row says that it is over, and the event that says so waits for its seal. */
  readonly ahead: boolean
  readonly seen?: Seen
  /** The latest end of the live grants that share the binding. */
  readonly sharedUntil?: number
  /** In what it was more than granted, where this look has cut it back. */
  readonly cut?: string
  readonly cleared?: boolean
  readonly refusal?: string
}

/**
 * What the sealed events of a grant allow, each signature checked. Where some were altered, or its intent is gone that
 * was read before, only that it be taken away: whoever can write the database must not make a grant last.
 */
export const readLedger = async (
  { ledger, keys }: Pick<GrantDeps, 'ledger' | 'keys'>,
  id: string,
): Promise<LedgerView> => {
  const fold = (events: readonly Sealed[], known?: Intent) =>
    foldLedger(
      id,
      events.map(({ event }) => ({ event, verified: keys.verify(event) })),
      known,
    )
  const read = () =>
    ledger.history(id).then(fold, (error: unknown) => {
      if (!isTampered(error)) throw error
    })
  const whole = await read()
  if (whole?.intent !== undefined) return whole
  const stood = (await ledger.standing()).open.get(id)
  const known = stood?.stage === 'scheduled' ? undefined : stood?.intent
  if (whole !== undefined && known === undefined) return whole
  // It may have been sealed since the events were read.
  const again = await read()
  if (again?.intent !== undefined) return again
  return { ...fold(await ledger.remains(id), known), blocked: true }
}

/**
 * Observes a grant afresh. The row is read first: whoever changes it later makes our save fail, so that what is
 * read after it (events, attempts) is at least as new as what the save is fenced by.
 */
export const observe = async (deps: GrantDeps, id: string): Promise<Situation | undefined> => {
  const saved = await deps.store.grant(id)
  const [read, attempts, asked] = await Promise.all([
    readLedger(deps, id),
    deps.store.attempts(id),
    deps.store.revokeAsked(id),
  ])
  const provider = deps.providers.get(read.intent?.provider ?? '')
  const ledger = await withPlace(deps, read, provider)
  if (saved !== undefined && (await isForged(deps, saved, ledger))) {
    await disown(deps, saved)
    return undefined
  }
  const ahead = await isAhead(deps, saved, ledger)
  const ask = asked === 'forged' ? undefined : asked
  if (asked === 'forged' && ledger.over === undefined) deps.log.alert('revoke_ask.forged', { grant: id })
  const { intent } = ledger
  if (saved === undefined && intent === undefined) return undefined
  const row = intent === undefined ? saved : trueRow(deps, saved, intent, provider)
  if (row === undefined) return undefined
  const ensures = attempts.filter(({ action }) => action === 'ensure')
  const open = ensures.filter(({ closedAt }) => closedAt === undefined)
  return { saved, row, ledger, provider, open, attempted: ensures.length > 0, ask, ahead }
}

/** The same where the event is gone that says where the grant has its place, and was read before. */
const withPlace = async (
  { ledger }: Pick<GrantDeps, 'ledger'>,
  view: LedgerView,
  provider: Provider | undefined,
): Promise<LedgerView> => {
  const { intent } = view
  if (provider?.observe === undefined || intent === undefined || intent.place !== undefined) return view
  const place = (await ledger.standing()).open.get(intent.grant)?.intent.place
  return place === undefined ? view : { ...view, intent: { ...intent, place } }
}

/** Whose events of these types are on record and wait for their seal. */
const waiting = async (
  { ledger }: Pick<GrantDeps, 'ledger'>,
  types: readonly EventType[],
): Promise<ReadonlySet<string | undefined>> => {
  const found = await Promise.all(types.map((type) => ledger.waiting(type)))
  return new Set(found.flat().map(({ grant, request }) => grant ?? request))
}

/** Whose end is on record and not sealed yet. Asked before `readLedger`, no end is missed. */
export const ending = (deps: Pick<GrantDeps, 'ledger'>): Promise<ReadonlySet<string | undefined>> =>
  waiting(deps, ['grant.expired', 'grant.revoked', 'grant.failed', 'grant.refused'])

/** A live row comes with its intent or schedule; one that has neither sealed nor staged was made by another hand. */
const isForged = async (deps: GrantDeps, { id, state }: GrantRow, ledger: LedgerView): Promise<boolean> => {
  const grounded = ({ intent, schedule, issued, revoke, over, forged }: LedgerView) =>
    [intent, schedule, revoke, over].some((one) => one !== undefined) || issued || forged.length > 0
  if (isOver(state) || grounded(ledger)) return false
  if ((await waiting(deps, ['grant.intended', 'grant.scheduled'])).has(id)) return false
  // Where events are gone, its intent may be one of them.
  return (await deps.ledger.standing()).broken === undefined && !grounded(await readLedger(deps, id))
}

/** It never was a grant: nothing is sealed about it, nothing was given, and nobody looks at it again. */
const disown = async (deps: GrantDeps, { lookAt: _, ...row }: GrantRow): Promise<void> => {
  deps.log.alert('grant.row_forged', { grant: row.id, state: row.state })
  const note = 'no intent was ever sealed: this row is not gitsudo’s'
  const state = correctGrant(row.state, 'failed')
  await deps.store.transaction((tx) => deps.store.saveGrant(tx, { ...row, state, note }))
}

/** An event that is neither waiting for its seal nor, asked after that, sealed, does not exist. */
const isAhead = async (
  deps: Pick<GrantDeps, 'ledger' | 'keys'>,
  saved: GrantRow | undefined,
  ledger: LedgerView,
): Promise<boolean> => {
  if (saved === undefined || !isOver(saved.state) || ledger.over !== undefined) return false
  return (await ending(deps)).has(saved.id) || (await readLedger(deps, saved.id)).over !== undefined
}

/** The row with every word that the intent fixes taken from the intent; a difference is alerted (trust.md 5.2). */
const trueRow = (
  deps: GrantDeps,
  saved: GrantRow | undefined,
  intent: Intent,
  provider: Provider | undefined,
): GrantRow => {
  const fixed = fixedBy(intent)
  const bindingKey = provider?.bindingKey(intent) ?? saved?.bindingKey ?? intent.grant
  if (saved === undefined) {
    deps.log.alert('grant.row_missing', { grant: intent.grant })
    const state = correctGrant('missing', 'revoking')
    return { ...fixed, bindingKey, metadata: {}, state, tries: 0, version: 0 }
  }
  const wrong = Object.entries(fixed)
    .filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(saved[name as keyof typeof fixed]))
    .map(([name]) => name)
  if (wrong.length === 0 && saved.bindingKey === bindingKey) return saved
  if (wrong.length > 0) deps.log.alert('grant.row_differs', { grant: intent.grant, columns: wrong })
  return { ...saved, ...fixed, bindingKey }
}

/** The same for the pure step. */
export const viewOf = (
  deps: Pick<LookDeps, 'clock' | 'settings' | 'sighted'>,
  { row, ledger, provider, open, ask, ahead, seen, sharedUntil, cut, cleared, refusal }: Situation,
): GrantView => ({
  id: row.id,
  state: row.state,
  startsAt: row.startsAt,
  endsAt: row.endsAt,
  tries: row.tries,
  ledger,
  ahead,
  unanswered: open.map(({ openedAt }) => openedAt),
  unansweredBy: open.map(({ openedAt }) => deps.sighted(row.id, openedAt, deps.clock.now())),
  grantWindowMs: deps.settings.grantWindowMs,
  propagationMs: provider?.propagationMs ?? 0,
  narrows: provider?.cutBack !== undefined,
  ...(row.note === undefined ? {} : { note: row.note }),
  ...(sharedUntil === undefined ? {} : { sharedUntil }),
  ...(cut === undefined ? {} : { cut }),
  ...(cleared === undefined ? {} : { cleared }),
  ...(row.absentSince === undefined
    ? {}
    : { absentSince: row.absentSince, absentBy: deps.sighted(row.id, row.absentSince, deps.clock.now()) }),
  ...(row.activeAt === undefined ? {} : { activeAt: row.activeAt }),
  ...(ask === undefined ? {} : { revokeAsk: { by: actorOf(ask.by), why: ask.why } }),
  ...(seen === undefined ? {} : { seen }),
  ...(refusal === undefined ? {} : { refusal }),
})

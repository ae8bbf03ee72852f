import type { LedgerEvent } from '../audit/event.ts'
import { parseInstant } from '../request/instant.ts'
import type { EndCause, Intent } from './intent.ts'
import { readIntent, readSchedule, type Schedule } from './intent-event.ts'

/** A sealed event, and whether `data.sig` is a known key's signature over it. */
export type Witness = { readonly event: LedgerEvent; readonly verified: boolean }

/** How a grant is over, by a verified event; `at`: when that was said, epoch ms. */
export type Over = {
  readonly state: 'ended' | 'failed' | 'refused'
  readonly cause?: EndCause
  readonly at: number
}

/** What a grant's sealed events allow (trust.md 5.1, 5.2). */
export type LedgerView = {
  readonly intent?: Intent
  readonly schedule?: Schedule
  readonly issued: boolean
  readonly revoke?: { readonly why: string }
  readonly over?: Over
  /** Never again `ensure` or `credentials`: a revoke intent, end, failure or refusal, verified or not. */
  readonly blocked: boolean
  /** Events that would have allowed something, had their signature or their words held. */
  readonly forged: readonly LedgerEvent['type'][]
}

/** After one of these, verified or not, nothing is given any more. */
export const blocking: ReadonlySet<LedgerEvent['type']> = new Set([
  'grant.revoke_intended',
  'grant.expired',
  'grant.revoked',
  'grant.failed',
  'grant.refused',
])

/**
 * Folds the sealed events of one grant, oldest first. What gives needs a signature; what takes away does not,
 * except that an unsigned end is no proof of absence. The first verified intent counts: one grant, one intent.
 * @param known the intent, where it was verified before and its event is gone
 */
export const foldLedger = (grant: string, events: readonly Witness[], known?: Intent): LedgerView => {
  let view: LedgerView = { issued: false, blocked: false, forged: [], ...(known && { intent: known }) }
  for (const { event, verified } of events) {
    if ((event.grant ?? event.request) !== grant) continue
    if (blocking.has(event.type)) view = { ...view, blocked: true }
    view = verified ? { ...view, ...told(view, event, grant) } : { ...view, ...suspected(view, event) }
  }
  return view
}

/** The intent with the place that a verified `grant.observed` of its grant names; the first one counts. */
export const placed = (intent: Intent, { data }: LedgerEvent): Intent =>
  intent.place === undefined ? { ...intent, place: String(data.place) } : intent

const told = (view: LedgerView, event: LedgerEvent, grant: string): Partial<LedgerView> => {
  switch (event.type) {
    case 'grant.intended': {
      const intent = readIntent(event)
      if (intent?.grant !== grant) return suspected(view, event)
      return view.intent === undefined ? { intent } : {}
    }
    case 'grant.scheduled': {
      const schedule = readSchedule(event)
      if (schedule?.grant !== grant) return suspected(view, event)
      return view.schedule === undefined ? { schedule } : {}
    }
    case 'grant.observed': {
      return view.intent === undefined ? {} : { intent: placed(view.intent, event) }
    }
    case 'grant.issued':
      return { issued: true }
    case 'grant.revoke_intended':
      return view.revoke === undefined ? { revoke: { why: String(event.data.why ?? '') } } : {}
    default: {
      const over = overBy(event)
      return over === undefined || view.over !== undefined ? {} : { over }
    }
  }
}

const overBy = (event: LedgerEvent): Over | undefined => {
  const at = parseInstant(event.at) ?? 0
  if (event.type === 'grant.failed') return { state: 'failed', at }
  if (event.type === 'grant.refused') return { state: 'refused', at }
  if (event.type === 'grant.expired') return { state: 'ended', cause: 'expired', at }
  if (event.type !== 'grant.revoked') return undefined
  const cause = event.data.cause === 'revoked externally' ? 'revoked externally' : 'revoked'
  return { state: 'ended', cause, at }
}

const suspected = (view: LedgerView, event: LedgerEvent): Partial<LedgerView> =>
  event.type === 'grant.intended' || event.type === 'grant.scheduled'
    ? { forged: [...view.forged, event.type] }
    : {}

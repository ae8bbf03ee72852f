import { backOff } from './back-off.ts'
import { callMs, leaseMs } from './bounds.ts'
import { gitsudo } from './events.ts'
import type { EndCause } from './intent.ts'
import type { GrantView, Step } from './step.ts'

/** How often a quarantined grant that nothing can be done about is looked at. */
const quarantineMs = 5 * 60_000

/** The way out of `revoking` and `quarantined`: seal, remove, read back, for ever until the cloud says gone. */
export const removal = (view: GrantView, now: number): Step => {
  const { ledger, seen, state } = view
  const { intent } = ledger
  if (intent === undefined) return withoutIntent(view, now)
  if (now < intent.endsAt && ledger.revoke === undefined && ledger.over === undefined) {
    const ask = view.revokeAsk
    return {
      kind: 'intend_revoke',
      by: ask?.by ?? gitsudo,
      why: ask?.why ?? view.refusal ?? `the row says ${state}`,
    }
  }
  const cause = causeOf(view)
  const gone = nothingLeft(view, now, { kind: 'end', cause, goneAt: now, kept: [] })
  if (gone !== undefined) return gone
  switch (seen?.kind) {
    case undefined:
      return { kind: 'remove' }
    case 'trouble':
      if (state === 'revoking' && view.tries >= seen.patience) return { kind: 'quarantine', why: seen.why }
      return {
        kind: 'retry',
        at: Math.max(now + backOff(view.tries, view.id), seen.notBefore ?? 0),
        note: seen.why,
      }
    default:
      return {
        kind: 'retry',
        at: now + backOff(view.tries, view.id),
        note: seen?.kind === 'unknown' ? seen.why : 'removing',
      }
  }
}

/** What follows a removal after which nothing of the grant's own is there; undefined: something may be. */
export const nothingLeft = (
  view: GrantView,
  now: number,
  then: Extract<Step, { kind: 'end' | 'fail' }>,
): Step | undefined => {
  const { seen } = view
  if (seen?.kind === 'absent') return absence(view, now, then)
  if (seen?.kind !== 'shared') return undefined
  // Our own late write would outlive us once the last sharer has removed the binding.
  const settled = Math.max(...(view.unansweredBy ?? view.unanswered)) + settleMs(view)
  if (now <= settled) return { kind: 'rest', until: settled + 1 }
  return then.kind === 'end' ? { ...then, goneAt: now, kept: seen.by } : then
}

/**
 * What an absent read-back allows. One is enough when every write was answered; a write whose answer was lost
 * may still arrive, so then it takes a second one, further away than lease, deadline and propagation together.
 */
const absence = (view: GrantView, now: number, then: Extract<Step, { kind: 'end' | 'fail' }>): Step => {
  if (view.unanswered.length === 0) return then
  const first = firstRead(view, now)
  if (first === undefined) return { kind: 'note_absence', again: now + settleMs(view) + 1 }
  const settled = (view.absentBy ?? first) + settleMs(view)
  if (now <= settled) return { kind: 'rest', until: settled + 1 }
  return then.kind === 'end' ? { ...then, goneAt: first } : then
}

/** The row's first absent read, unless a write went out since or it is none; undefined: this read is the first. */
const firstRead = (
  { absentSince, unanswered, unansweredBy = unanswered }: GrantView,
  now: number,
): number | undefined =>
  absentSince !== undefined && absentSince > Math.max(...unansweredBy) && absentSince <= now
    ? absentSince
    : undefined

const settleMs = ({ propagationMs }: GrantView): number => leaseMs + callMs + propagationMs

/** Nobody knows what to remove: a provider is told nothing that is not signed (trust.md 5.1). */
const withoutIntent = (view: GrantView, now: number): Step => {
  const { ledger, state } = view
  if (ledger.over?.state === 'ended') return { kind: 'end', cause: causeOf(view), goneAt: now, kept: [] }
  if (state === 'revoking')
    return { kind: 'quarantine', why: 'no intent whose signature holds says what to remove' }
  return {
    kind: 'retry',
    at: now + quarantineMs,
    note: 'no intent whose signature holds says what to remove',
  }
}

const causeOf = ({ ledger }: GrantView): EndCause =>
  ledger.over?.cause ?? (ledger.revoke === undefined ? 'expired' : 'revoked')

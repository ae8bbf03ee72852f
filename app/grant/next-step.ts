import { backOff } from './back-off.ts'
import { driftMs, skewMs, writeMs } from './bounds.ts'
import { gitsudo } from './events.ts'
import { excess } from './findings.ts'
import { nothingLeft, removal } from './removal.ts'
import { isOver } from './state.ts'
import type { GrantView, Step } from './step.ts'

/**
 * What to do next about one grant at `now`: pure and total. The ledger decides, the row only says how far the
 * work has come; where they disagree the way leads to removal (trust.md 5.2).
 */
export const nextStep = (view: GrantView, now: number): Step => {
  const why = disagreement(view)
  if (why !== undefined) return { kind: 'correct', why }
  switch (view.state) {
    case 'scheduled':
      return scheduled(view, now)
    case 'provisioning':
      return provisioning(view, now)
    case 'active':
      return active(view, now)
    case 'revoking':
    case 'quarantined':
      return removal(view, now)
    case 'ended':
    case 'failed':
    case 'refused':
      return over(view, now)
  }
}

/** What the row claims against the ledger, in words. */
const disagreement = ({ state, ledger, ahead }: GrantView): string | undefined => {
  if (isOver(state)) {
    const sealed = ledger.intent === undefined || ledger.over !== undefined
    return sealed || ahead ? undefined : `the row says ${state}, the ledger does not`
  }
  if (state === 'revoking' || state === 'quarantined') return undefined
  if (ledger.blocked) return `the row says ${state}, the ledger has its end`
  if (state === 'active') return undefined
  if (ledger.issued) return `the row says ${state}, the ledger has it issued`
  if (state === 'scheduled' && ledger.intent !== undefined)
    return 'the row says scheduled, the ledger has its intent'
  return undefined
}

const scheduled = (view: GrantView, now: number): Step => {
  const { ledger, revokeAsk, grantWindowMs } = view
  if (revokeAsk !== undefined)
    return { kind: 'end', asked: revokeAsk, cause: 'revoked', goneAt: now, kept: [] }
  if (ledger.schedule === undefined && ledger.forged.length > 0) {
    return { kind: 'refuse', why: 'the signature of its schedule does not hold' }
  }
  const startsAt = ledger.schedule?.startsAt ?? view.startsAt
  if (now > startsAt + grantWindowMs)
    return { kind: 'refuse', why: 'its start was missed by more than grantWindow' }
  if (ledger.schedule === undefined) return unsealed(view, now)
  if (now < startsAt) return { kind: 'rest', until: startsAt }
  return { kind: 'start', again: now + backOff(view.tries, view.id) }
}

const provisioning = (view: GrantView, now: number): Step => {
  const { intent, forged } = view.ledger
  if (intent === undefined) {
    if (forged.length > 0) return { kind: 'quarantine', why: 'the signature of its intent does not hold' }
    return now < view.endsAt ? unsealed(view, now) : { kind: 'fail', why: 'its intent was never sealed' }
  }
  const end = wanted(view, now)
  if (end !== undefined) return end
  if (view.refusal !== undefined) return refusedForGood(view, view.refusal, now)
  const { seen } = view
  switch (seen?.kind) {
    case undefined:
      return writeMs(now, intent.endsAt) === undefined
        ? { kind: 'rest', until: intent.endsAt }
        : { kind: 'ensure' }
    case 'present':
      return {
        kind: 'activate',
        handle: seen.handle,
        ...(seen.without === undefined ? {} : { without: seen.without }),
      }
    case 'trouble':
      return again(view, now, seen.why, seen.notBefore)
    default:
      return again(view, now, `${seen?.kind} after it was ensured`)
  }
}

/** After a refusal for good whatever it left goes first, also what a look would not show. */
const refusedForGood = (view: GrantView, why: string, now: number): Step => {
  if (!view.cleared) return { kind: 'clear' }
  switch (view.seen?.kind) {
    case 'present':
    case 'removing':
      return { kind: 'intend_revoke', by: gitsudo, why: `refused, yet there: ${why}` }
    case 'trouble':
      return again(view, now, view.seen.why, view.seen.notBefore)
    default:
      return nothingLeft(view, now, { kind: 'fail', why }) ?? again(view, now, why)
  }
}

const active = (view: GrantView, now: number): Step => {
  const { intent } = view.ledger
  if (intent === undefined)
    return { kind: 'quarantine', why: 'active without an intent whose signature holds' }
  const end = wanted(view, now)
  if (end !== undefined) return end
  const { seen } = view
  if (view.cleared) {
    const cause = now >= intent.endsAt - skewMs ? 'expired' : 'revoked externally'
    const gone = nothingLeft(view, now, { kind: 'end', cause, goneAt: now, kept: [] })
    if (gone !== undefined) return gone
  }
  switch (seen?.kind) {
    case undefined:
      return { kind: 'inspect' }
    case 'present': {
      const more = excess(seen, Math.max(intent.endsAt, view.sharedUntil ?? 0))
      const until = Math.min(intent.endsAt, now + driftMs)
      if (more === undefined)
        return { kind: 'rest', until, ...(view.note === undefined ? {} : { well: true }) }
      if (view.cut !== undefined) return again(view, now, `${more}; cut back, and not to be read so yet`)
      if (!view.note?.startsWith(more)) return { kind: 'drift', why: more }
      return view.narrows ? { kind: 'cut_back', why: more } : { kind: 'rest', until }
    }
    case 'absent': {
      // A read may lag behind the write that made it active.
      const visible = (view.activeAt ?? 0) + view.propagationMs
      return now < visible ? { kind: 'rest', until: Math.min(intent.endsAt, visible) } : { kind: 'clear' }
    }
    case 'trouble': {
      // What is on record stays noted, so that it is recorded once.
      const note = view.cut === undefined ? seen.why : `${view.cut}; not cut back: ${seen.why}`
      return again(view, now, note, seen.notBefore)
    }
    default:
      return again(view, now, seen?.kind === 'unknown' ? seen.why : `cannot tell: ${seen?.kind}`)
  }
}

/** Why a live grant must end now, if it must. */
const wanted = ({ revokeAsk, ledger }: GrantView, now: number): Step | undefined => {
  if (ledger.intent !== undefined && now >= ledger.intent.endsAt) return { kind: 'expire' }
  return revokeAsk === undefined ? undefined : { kind: 'intend_revoke', by: revokeAsk.by, why: revokeAsk.why }
}

/** Over; but a worker that woke late may have written after the end, and left its attempt open. */
const over = (view: GrantView, now: number): Step => {
  const { seen, ledger, unanswered } = view
  if (ledger.intent === undefined) return { kind: 'rest' }
  if (ledger.over === undefined) return unsealed(view, now)
  if (unanswered.length === 0) return { kind: 'rest' }
  switch (seen?.kind) {
    case undefined:
      return { kind: 'remove' }
    case 'absent':
    case 'shared':
      return { kind: 'close_attempts' }
    case 'trouble':
      return { kind: 'retry', at: later(view, now, seen.notBefore), note: seen.why }
    default:
      return { kind: 'retry', at: later(view, now), note: seen?.kind ?? '' }
  }
}

/** The row was saved with a staged event that is not sealed yet; nothing may be done before it is. */
const unsealed = (view: GrantView, now: number): Step => ({
  kind: 'retry',
  at: now + backOff(view.tries, view.id, 50, 30_000),
  note: 'waiting for the ledger to seal it',
  ...(view.tries === 10 ? { alert: true } : {}),
})

/** Back-off that never sleeps past the end. */
const again = (view: GrantView, now: number, note: string, notBefore?: number): Step => ({
  kind: 'retry',
  at: Math.min(later(view, now, notBefore), view.ledger.intent?.endsAt ?? Infinity),
  note,
})

const later = (view: GrantView, now: number, notBefore = 0): number =>
  Math.max(now + backOff(view.tries, view.id), notBefore)

import type { Actor, EventType, Json, LedgerEvent } from '../../../app/audit/event.ts'
import { endedEvent, gitsudo, issuedEvent, revokeIntendedEvent } from '../../../app/grant/events.ts'
import { intendedEvent } from '../../../app/grant/intent-event.ts'
import { requestId } from '../../../app/request/id.ts'
import { writeInstant } from '../../../app/request/instant.ts'
import type { ProviderName } from '../../../app/request/request.ts'

export const repository = 123456
export const policyCommit = 'b'.repeat(40)
const minute = 60_000

export const user = (login: string): Actor => ({
  kind: 'user',
  id: String(1000 + login.charCodeAt(0)),
  login,
})

export const event = (
  type: EventType,
  at: number,
  actor: Actor,
  data: Readonly<Record<string, Json>>,
  more: Partial<LedgerEvent> = {},
): LedgerEvent => ({ v: 1, type, at: writeInstant(at), actor, repo: repository, data, ...more })

export type Ask = {
  readonly pull: number
  readonly at: number
  readonly who?: string
  readonly approvedBy?: readonly string[]
  readonly provider?: ProviderName
  readonly role?: string
  readonly scope?: string
  readonly reason?: string
  readonly minutes?: number
}

/** The events of a request as the service writes them, asked at `at`. */
export function access(ask: Ask) {
  const { pull, at, who = 'alice', approvedBy = ['bob'], provider = 'aws', role = 'prod-admin' } = ask
  const { scope = '123456789012', reason = 'INC-4421', minutes = 60 } = ask
  const path = `requests/2026/12/${who}-${pull}.yaml`
  const id = requestId(repository, pull, path)
  const subject = { id, repository, pull }
  const of = { request: id, pull, commit: 'c'.repeat(40) }
  const merged = at + 10 * minute
  const endsAt = merged + minutes * minute
  const terms = { requester: who, provider, role, scope, reason }
  const decision = (verdict: string, moment = 'forecast') => ({
    path,
    blob: 'd'.repeat(40),
    moment,
    verdict,
    summary: verdict === 'denied' ? 'no policy allows it' : verdict,
    policy_commit: policyCommit,
    approved_by:
      verdict === 'passed' ? approvedBy.map((login) => ({ id: Number(user(login).id), login })) : [],
    asked: terms,
  })
  const created = event(
    'request.created',
    at,
    user(who),
    { ...terms, path, blob: 'd'.repeat(40), duration_seconds: minutes * 60 },
    of,
  )
  const asked = [created, event('request.evaluated', at, gitsudo, decision('action_required'), of)]
  const granted = [
    ...asked,
    event('request.approved', at + 5 * minute, gitsudo, decision('passed'), of),
    intendedEvent(
      {
        grant: id,
        repository,
        pull,
        mergeCommit: 'e'.repeat(40),
        path,
        blob: 'd'.repeat(40),
        requester: { id: Number(user(who).id), login: who },
        principal: `arn:${who}`,
        provider,
        role,
        cloudRole: role,
        scope,
        reason,
        startsAt: merged,
        endsAt,
      },
      user(who),
      merged,
    ),
    issuedEvent(subject, merged + 2_000, 'handle', endsAt),
  ]
  const gone = (goneAt: number, cause: 'expired' | 'revoked') =>
    endedEvent(subject, goneAt + 1_000, { cause, goneAt, kept: [] })
  return {
    id,
    endsAt,
    asked,
    granted,
    expired: (lateMs = 3_000) => [...granted, gone(endsAt + lateMs, 'expired')],
    revoked: (by: string, revokedAt: number) => [
      ...granted,
      revokeIntendedEvent(subject, revokedAt, user(by), 'no longer needed'),
      gone(revokedAt + 3_000, 'revoked'),
    ],
    denied: [...asked, event('request.denied', at + minute, gitsudo, decision('denied'), of)],
    forced: (by: string) => [
      ...asked,
      event(
        'grant.refused',
        merged,
        user(by),
        { ...decision('action_required', 'merge'), why: 'not approved' },
        of,
      ),
    ],
    event: (type: EventType, when: number, actor: Actor, data: Readonly<Record<string, Json>>) =>
      event(type, when, actor, data, { ...of, grant: id }),
  }
}

import { parseInstant } from '../../request/instant.ts'
import type { Actor, Json, LedgerEvent } from '../event.ts'
import type { Story } from './report.ts'

/** The story as it is after one more event of this request; undefined begins it. */
export function tell(before: Story | undefined, seq: number, event: LedgerEvent): Story | undefined {
  const id = event.grant ?? event.request
  if (id === undefined) return before
  const at = instant(event.at) ?? 0
  const { data } = event
  const story: Story = {
    ...(before ?? { id, outcome: 'pending', approvedBy: [], forced: false }),
    ...given({ repository: event.repo, pull: event.pull }),
    seq,
  }
  const ended = (outcome: Story['outcome'], more: Partial<Story> = {}): Story => ({
    ...story,
    ...given({ why: text(data.why) ?? text(data.summary) }),
    by: nameOf(event.actor),
    closedAt: at,
    outcome,
    ...more,
  })
  switch (event.type) {
    case 'request.created':
      return { ...story, ...asked(data), requestedAt: at }
    case 'request.evaluated':
      return { ...(isOpenAgain(story, data) ? reopened(story) : story), ...decided(data) }
    case 'request.approved':
      return { ...reopened(story), ...decided(data) }
    case 'breakglass.invoked':
      return { ...story, ...decided(data), brokeGlass: true }
    case 'request.denied':
      return { ...ended('denied'), ...decided(data) }
    case 'request.cancelled':
      return ended('cancelled')
    case 'request.lapsed':
      return ended('lapsed', { why: 'open for too long' })
    case 'grant.refused':
      return { ...ended('refused', { forced: isForced(event) }), ...decided(data) }
    case 'grant.scheduled':
      return { ...story, ...intended(event), outcome: 'scheduled' }
    case 'grant.intended':
      return {
        ...story,
        ...intended(event),
        intendedAt: at,
        outcome: 'provisioning',
        ...given({ dueAt: instant(data.ends_at) }),
      }
    case 'grant.issued':
      return { ...story, issuedAt: at, outcome: 'active', ...given({ dueAt: instant(data.ends_at) }) }
    case 'grant.revoke_intended':
      return { ...story, revoke: { at, by: nameOf(event.actor), why: text(data.why) ?? '' } }
    case 'grant.expired':
      return ended('expired', { goneAt: instant(data.gone_at) ?? at })
    case 'grant.revoked': {
      const outcome = data.cause === 'revoked externally' ? 'revoked externally' : 'revoked'
      const { by, why } = story.revoke ?? {}
      return ended(outcome, { goneAt: instant(data.gone_at) ?? at, ...given({ by, why }) })
    }
    case 'grant.failed':
      return ended('failed')
    case 'grant.quarantined':
      return { ...story, outcome: 'quarantined', ...given({ why: text(data.why) }) }
    default:
      return before
  }
}

/** Whether somebody merged what no decision let pass. */
export const isForced = ({ type, pull, actor, data }: LedgerEvent): boolean =>
  type === 'grant.refused' &&
  (pull === 0 || (data.verdict === undefined ? actor.kind === 'user' : data.verdict !== 'passed'))

/** A login, or what a part of the service is called. */
export const nameOf = ({ login, id }: Actor): string => login ?? id

/** Logins of `[{ id, login }]`. */
export const loginsOf = (value: Json | undefined): readonly string[] =>
  Array.isArray(value)
    ? value.flatMap((one: Json) => (isRecord(one) && typeof one.login === 'string' ? [one.login] : []))
    : []

export const text = (value: Json | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined

/** Of an event that no schema has let through a field may be anything; absent: `nothing`. */
export const inWords = (value: Json | undefined): string =>
  typeof value === 'string'
    ? value
    : value === undefined || value === null
      ? 'nothing'
      : JSON.stringify(value)

export const instant = (value: Json | undefined): number | undefined =>
  typeof value === 'string' ? parseInstant(value) : undefined

type Data = LedgerEvent['data']

const isOpenAgain = ({ outcome }: Story, { moment, verdict }: Data): boolean =>
  ['cancelled', 'denied'].includes(outcome) && moment === 'forecast' && verdict !== 'denied'

const reopened = ({ why: _, by: __, closedAt: ___, ...story }: Story): Story => ({
  ...story,
  outcome: 'pending',
})

const asked = (data: Data): Partial<Story> =>
  given({
    path: text(data.path),
    who: text(data.requester),
    provider: text(data.provider),
    role: text(data.role),
    scope: text(data.scope),
    reason: text(data.reason),
  })

const decided = (data: Data): Partial<Story> => ({
  ...(isRecord(data.asked) ? asked(data.asked) : {}),
  ...given({ path: text(data.path), policyCommit: text(data.policy_commit) }),
  ...(data.approved_by === undefined ? {} : { approvedBy: loginsOf(data.approved_by) }),
})

const intended = ({ data, commit }: LedgerEvent): Partial<Story> => ({
  ...asked(data),
  ...given({ mergeCommit: commit, who: isRecord(data.requester) ? text(data.requester.login) : undefined }),
})

const isRecord = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Without what is undefined, so that it takes nobody's place. */
function given<T extends object>(some: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(some).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}

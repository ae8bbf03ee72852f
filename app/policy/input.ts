import type { GrantContext, PolicyQuestion, PolicyUser } from '../reconcile/ports/evaluator.ts'

/**
 * The input of one evaluation (product.md, Policies): a superset of jitsudo's, snake_case, times as RFC 3339
 * in UTC. What the request leaves out is absent, so that a rule about it is undefined.
 * @param user the requester, or the reviewer where an approval policy is asked per reviewer
 */
export function policyInput(question: PolicyQuestion, user: PolicyUser) {
  const { request, requester, now } = question
  return {
    user: userInput(user),
    requester: userInput(requester),
    author: userInput(question.author),
    request: {
      id: request.id,
      provider: request.provider,
      role: request.role,
      resource_scope: request.scope,
      duration_seconds: request.durationSeconds,
      reason: request.reason,
      ...(request.ticket === undefined ? {} : { ticket: request.ticket }),
      break_glass: request.breakGlass,
      ...(request.startsAt === undefined ? {} : { starts_at: rfc3339(request.startsAt) }),
      metadata: request.metadata,
    },
    context: {
      trust_tier: requester.trustTier,
      now: rfc3339(now),
      now_ns: now * 1_000_000,
      repository: question.repository,
      pull_request: question.pull,
      active_grants: question.activeGrants.map(grantInput),
      queued_grants: question.queuedGrants.map(grantInput),
    },
  }
}

const userInput = ({ login, id, email, groups, trustTier }: PolicyUser) => ({
  login,
  id,
  email,
  groups: [...groups],
  trust_tier: trustTier,
})

const grantInput = (grant: GrantContext) => ({
  id: grant.id,
  repository: grant.repository,
  provider: grant.provider,
  role: grant.role,
  resource_scope: grant.scope,
  state: grant.state,
  starts_at: rfc3339(grant.startsAt),
  ends_at: rfc3339(grant.endsAt),
  ...(grant.reason === undefined ? {} : { reason: grant.reason }),
  ...(grant.metadata === undefined ? {} : { metadata: grant.metadata }),
})

/** Epoch ms as RFC 3339, UTC, milliseconds; the calendar counts years from March so that leap days come last. */
export function rfc3339(ms: number): string {
  const days = Math.floor(ms / 86_400_000)
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  const rest = ms - days * 86_400_000
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  const clock = `${two(rest / 3_600_000)}:${two((rest / 60_000) % 60)}:${two((rest / 1000) % 60)}`
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}T${clock}.${String(rest % 1000).padStart(3, '0')}Z`
}

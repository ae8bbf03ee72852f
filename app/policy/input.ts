import type { GrantContext, PolicyQuestion, PolicyUser } from '../reconcile/ports/evaluator.ts'
import { writeInstant } from '../request/instant.ts'

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
      ...(request.startsAt === undefined ? {} : { starts_at: writeInstant(request.startsAt) }),
      metadata: request.metadata,
    },
    context: {
      trust_tier: requester.trustTier,
      now: writeInstant(now),
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
  starts_at: writeInstant(grant.startsAt),
  ends_at: writeInstant(grant.endsAt),
  ...(grant.reason === undefined ? {} : { reason: grant.reason }),
  ...(grant.metadata === undefined ? {} : { metadata: grant.metadata }),
})

import type { RequestDecision } from '../../decision/decision.ts'
import type { RequestFacts } from '../../decision/facts.ts'
import { configuredAt } from '../../grant/configured.ts'
import type { Intent } from '../../grant/intent.ts'
import type { PullRequest } from '../ports/github.ts'
import type { RepositorySettings, Settings } from '../ports/settings.ts'

/** What was approved, in the words a provider takes (trust.md 5.1). The end is fixed here, once (3.8). */
export const intentOf = (
  repository: RepositorySettings,
  pull: PullRequest,
  facts: RequestFacts,
  { tier }: Pick<RequestDecision, 'tier'>,
  { configured }: Pick<Settings, 'configured'>,
  now: number,
): Intent => {
  const { read, requester, role } = facts
  if (
    !read.ok ||
    pull.mergeCommit === undefined ||
    requester === undefined ||
    !('person' in requester) ||
    requester.principal === undefined ||
    role === undefined ||
    !('cloudRole' in role)
  ) {
    throw new Error(`a passing decision on ${facts.path} lacks what a grant needs`)
  }
  const { request } = read
  const given = configured?.[request.provider]
  const startsAt = Math.max(now, request.startsAt ?? now)
  return {
    grant: facts.id,
    repository: repository.id,
    pull: pull.number,
    mergeCommit: pull.mergeCommit,
    path: facts.path,
    blob: facts.blob,
    requester: requester.person,
    principal: requester.principal,
    provider: request.provider,
    role: request.role,
    cloudRole: role.cloudRole,
    scope: request.scope,
    ...(role.chain === true ? { chain: true } : {}),
    ...(tier === 'auto' ? { auto: true } : {}),
    ...(given === undefined ? {} : { configured: configuredAt(given, request.scope) }),
    reason: request.reason,
    ...(Object.keys(request.metadata).length === 0 ? {} : { metadata: request.metadata }),
    startsAt,
    endsAt: startsAt + request.durationSeconds * 1000,
  }
}

import type { StatusRow } from '../reconcile/ports/store.ts'
import type { ServerFacts } from './deps.ts'

/** One request as the API shows it (docs/api.md): times in RFC 3339, the grant's state once there is one. */
export function requestView(
  { request, grant }: StatusRow,
  facts: ServerFacts,
): Readonly<Record<string, unknown>> {
  const name = facts.repositories.find(({ id }) => id === request.repository)?.name
  const decision = request.decision?.requests.find((one) => one.id === request.id)
  return {
    id: request.id,
    state: grant?.state ?? request.state,
    requester: grant?.requester.login ?? request.requester?.login ?? null,
    requester_id: grant?.requester.id ?? request.requester?.id ?? null,
    author: request.author.login,
    provider: request.provider ?? null,
    role: request.role ?? null,
    scope: request.scope ?? null,
    duration_seconds: request.durationSeconds ?? null,
    reason: request.reason ?? null,
    approvers: (decision?.approvedBy ?? []).map((person) => person.login),
    repository: name ?? null,
    repository_id: request.repository,
    pull_request: request.pull,
    pull_request_url:
      name === undefined || request.pull === 0 ? null : `${facts.github.webUrl}/${name}/pull/${request.pull}`,
    path: request.path,
    head_sha: request.headSha,
    opened_at: time(request.openedAt),
    starts_at: time(grant?.startsAt ?? request.startsAt),
    active_at: time(grant?.activeAt),
    expires_at: time(grant?.endsAt),
    ended_at: time(grant?.endedAt),
    cause: grant?.cause ?? null,
    note: grant?.note ?? null,
    summary: decision?.summary ?? null,
  }
}

const time = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString())

import type { ReconcileDeps } from '../deps.ts'
import type { GrantContext } from '../ports/evaluator.ts'

const live = ['scheduled', 'provisioning', 'active', 'revoking', 'quarantined'] as const
const queued = ['pending', 'approved'] as const

/** A person's grants and waiting requests everywhere (trust.md 3.9); foreign ones without reason and metadata. */
export const grantsOf = async (
  deps: Pick<ReconcileDeps, 'store' | 'settings'>,
  requester: number,
  repository: number,
  except: ReadonlySet<string>,
): Promise<{
  readonly activeGrants: readonly GrantContext[]
  readonly queuedGrants: readonly GrantContext[]
}> => {
  const name = (id: number) => deps.settings.repositories.get(id)?.fullName ?? String(id)
  const grants = await deps.store.grantsOfPerson(requester, [...live])
  const requests = await deps.store.requestsOfPerson(requester, [...queued])
  return {
    activeGrants: grants
      .filter(({ id }) => !except.has(id))
      .map((grant) => ({
        id: grant.id,
        repository: name(grant.repository),
        provider: grant.provider,
        role: grant.role,
        scope: grant.scope,
        state: grant.state,
        startsAt: grant.startsAt,
        endsAt: grant.endsAt,
        ...(grant.repository === repository ? { reason: grant.reason, metadata: grant.metadata } : {}),
      })),
    queuedGrants: requests
      .filter(({ id }) => !except.has(id))
      .map((request) => ({
        id: request.id,
        repository: name(request.repository),
        provider: request.provider ?? '',
        role: request.role ?? '',
        scope: request.scope ?? '',
        state: request.state,
        startsAt: request.startsAt ?? 0,
        endsAt: (request.startsAt ?? 0) + (request.durationSeconds ?? 0) * 1000,
        ...(request.repository === repository
          ? { reason: request.reason ?? '', metadata: request.metadata ?? {} }
          : {}),
      })),
  }
}

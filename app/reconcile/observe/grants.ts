import type { Intent } from '../../grant/intent.ts'
import { createStanding, type Open } from '../../grant/standing.ts'
import type { ReconcileDeps } from '../deps.ts'
import type { GrantContext } from '../ports/evaluator.ts'

const queued = ['pending', 'approved'] as const

/**
 * A person's grants and waiting requests everywhere (trust.md 3.9); foreign ones without reason and metadata.
 * Grants are counted from verified events, sealed or on their way, never from rows: a row that somebody hid or made
 * up must not change what the policies see (5.2).
 */
export const grantsOf = async (
  deps: Pick<ReconcileDeps, 'store' | 'settings' | 'ledger' | 'keys'>,
  requester: number,
  repository: number,
  except: ReadonlySet<string>,
  now: number,
): Promise<{
  readonly activeGrants: readonly GrantContext[]
  readonly queuedGrants: readonly GrantContext[]
}> => {
  const name = (id: number) => deps.settings.repositories.get(id)?.fullName ?? String(id)
  const requests = await deps.store.requestsOfPerson(requester, [...queued])
  return {
    activeGrants: (await openGrants(deps))
      .filter(({ intent }) => intent.requester.id === requester && !except.has(intent.grant))
      .map(({ intent, ...open }) => ({
        id: intent.grant,
        repository: name(intent.repository),
        provider: intent.provider,
        role: intent.role,
        scope: intent.scope,
        state: stateOf(intent, open, now),
        startsAt: intent.startsAt,
        endsAt: intent.endsAt,
        ...(intent.repository === repository
          ? { reason: intent.reason, metadata: intent.metadata ?? {} }
          : {}),
      }))
      .sort((a, b) => a.startsAt - b.startsAt || (a.id < b.id ? -1 : 1)),
    queuedGrants: requests
      .filter(({ id }) => !except.has(id))
      .map((request) => ({
        id: request.id,
        repository: name(request.repository),
        provider: request.provider ?? '',
        role: request.role ?? '',
        scope: request.scope ?? '',
        state: request.state,
        ...spanOf(request.startsAt, request.durationSeconds ?? 0, now),
        ...(request.repository === repository
          ? { reason: request.reason ?? '', metadata: request.metadata ?? {} }
          : {}),
      })),
  }
}

/** When what waits would be held: merged now, so that a policy that looks for overlaps finds it. Epoch ms. */
export const spanOf = (
  startsAt: number | undefined,
  durationSeconds: number,
  now: number,
): Pick<GrantContext, 'startsAt' | 'endsAt'> => {
  const start = Math.max(now, startsAt ?? now)
  return { startsAt: start, endsAt: start + durationSeconds * 1000 }
}

/** Sealed, or staged by a merge that has been decided a moment ago: asked in this order, none slips through. */
export const openGrants = async (deps: Pick<ReconcileDeps, 'ledger' | 'keys'>): Promise<readonly Open[]> => {
  const waiting = [
    ...(await deps.ledger.waiting('grant.scheduled')),
    ...(await deps.ledger.waiting('grant.intended')),
  ]
  const { open, closed } = await deps.ledger.standing()
  const staged = createStanding()
  for (const event of waiting) staged.push(event, 0, (one) => deps.keys.verify(one))
  const all = new Map(open)
  for (const [id, one] of staged.open) {
    const known = open.get(id)
    // A scheduled one whose start has just been decided is scheduled no more.
    if (known?.stage === 'scheduled') all.set(id, { ...one, blocked: known.blocked })
    else if (known === undefined && !closed.has(id)) all.set(id, one)
  }
  return [...all.values()]
}

const stateOf = ({ endsAt }: Intent, { stage, blocked }: Omit<Open, 'intent'>, now: number): string => {
  if (blocked || now >= endsAt) return 'revoking'
  return { scheduled: 'scheduled', intended: 'provisioning', issued: 'active' }[stage]
}

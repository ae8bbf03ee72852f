import type { EventType, LedgerEvent } from '../../audit/event.ts'
import { isFinal } from '../../decision/decision.ts'
import type { ReconcileDeps } from '../deps.ts'
import type { RepositorySettings } from '../ports/settings.ts'
import type { PullRow, RequestRow } from '../ports/store.ts'

const onRequests: readonly EventType[] = ['grant.intended', 'grant.scheduled', 'grant.refused']
const onPolicies: readonly EventType[] = ['policy.accepted', 'policy.refused']

/**
 * Whether the first complete verdict at the merge was made (trust.md 3.2). That a row says so keeps nobody from making
 * it (5.2): its event has to be there, sealed or waiting for its seal. What brings neither requests nor policies has
 * none, and is decided at each look.
 */
export const isSettled = async (
  deps: Pick<ReconcileDeps, 'ledger' | 'keys'>,
  repository: RepositorySettings,
  { pull, decision }: PullRow,
  requests: readonly Pick<RequestRow, 'id'>[],
): Promise<boolean> => {
  if (!isFinal(decision)) return false
  // A stray's refusal is no verdict on the pull request that it came with: it was made of no facts.
  const isVerdict = ({ type, repo, pull: at, data }: LedgerEvent): boolean =>
    repo === repository.id &&
    at === pull &&
    (onRequests.includes(type) || (onPolicies.includes(type) && data.facts !== undefined))
  const isSealed = async (): Promise<boolean> => {
    const words = (await deps.ledger.standing()).policies.get(repository.id) ?? []
    if (words.some(({ event }) => isVerdict(event))) return true
    // What remains: a row that somebody filed under a request must not stop whoever asks.
    for (const { id } of requests)
      if ((await deps.ledger.remains(id)).some(({ event }) => isVerdict(event) && deps.keys.verify(event)))
        return true
    return false
  }
  if (await isSealed()) return true
  for (const type of [...onRequests, ...onPolicies])
    if ((await deps.ledger.waiting(type)).some(isVerdict)) return true
  // What waited may have been sealed before it was asked after.
  return isSealed()
}

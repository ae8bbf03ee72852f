import type { Terms } from '../../decision/decision.ts'
import type { Precedent } from '../../decision/facts.ts'
import { precedentOf, type Recorded } from '../../decision/renewal.ts'
import type { ReconcileDeps } from '../deps.ts'
import type { InForce } from '../policies.ts'
import type { PullRequest } from '../ports/github.ts'
import { genuine } from './deliveries.ts'
import type { Filed } from './filed.ts'
import { earliest } from './reviews.ts'

/** What was decided on a request before the policies in force, from signed events (trust.md 1.9). */
export const precedentsOf = (
  deps: Pick<ReconcileDeps, 'keys'>,
  request: string,
  { events, whole }: Filed,
  { commit, loadedAt }: InForce,
): Precedent => {
  const records: Recorded[] = []
  // What is altered may have been the one that asked for more.
  for (const { event } of whole ? events : []) {
    const { policy_commit: under, terms } = event.data
    if (event.type !== 'request.evaluated' || event.request !== request || typeof under !== 'string') continue
    // What nobody signed is no precedent; without one, everything is asked for anew.
    if (deps.keys.verify(event)) records.push({ commit: under, ...(isTerms(terms) ? { terms } : {}) })
  }
  return precedentOf(records, commit, (one) => loadedAt.get(one))
}

const isTerms = (value: unknown): value is Terms =>
  typeof value === 'object' && value !== null && 'asks' in value

/** When the head as it is came: by a stored payload, or with the pull request itself. Epoch ms. */
export const headAt = async (
  deps: Pick<ReconcileDeps, 'store' | 'payloads' | 'log'>,
  repository: number,
  pull: PullRequest,
): Promise<number> => {
  const told = await deps.store.deliveriesOfPull(repository, pull.number, ['pull_request'])
  const times = genuine(deps, told).flatMap(({ body, receivedAt }) => {
    const payload = deps.payloads.pullRequest(body)
    const brought = payload?.action === 'opened' || payload?.action === 'synchronize'
    return brought && payload.headSha === pull.head.sha ? [earliest(receivedAt, payload.updatedAt)] : []
  })
  return Math.max(pull.createdAt, ...times)
}

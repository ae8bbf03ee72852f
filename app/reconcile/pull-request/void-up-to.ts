import { genuine } from '../observe/deliveries.ts'
import type { ObserveDeps } from '../observe/pull.ts'
import type { PullRow, RequestRow } from '../ports/store.ts'

/**
 * When the pull request was last reopened, which voids every review up to then (trust.md 6.23): by the signed payloads, and
 * by what earlier looks found. Epoch ms; undefined where none tells of it.
 */
export const voidUpTo = async (
  deps: Pick<ObserveDeps, 'store' | 'payloads' | 'log'>,
  at: { readonly repository: number; readonly pull: number },
  row: Pick<PullRow, 'decision'> | undefined,
  rows: readonly Pick<RequestRow, 'reviewsFrom'>[],
): Promise<number | undefined> => {
  const deliveries = await deps.store.deliveriesOfPull(at.repository, at.pull, ['pull_request'])
  const told = genuine(deps, deliveries).flatMap(({ body }) => {
    const payload = deps.payloads.pullRequest(body)
    return payload?.action === 'reopened' ? [payload.updatedAt] : []
  })
  const known = [...told, ...[...rows, row?.decision.policies].flatMap((one) => one?.reviewsFrom ?? [])]
  return known.length === 0 ? undefined : Math.max(...known)
}

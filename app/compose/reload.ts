import type { ServerDeps } from '../server/deps.ts'
import { messageOf } from './message-of.ts'

/**
 * Reads each repository's policies anew: one whose policies cannot be read keeps no other from it. Throws where that is
 * every one of them.
 * @param load how many are enabled then
 */
export const reloadEach = async <T extends { readonly fullName: string }>(
  repositories: readonly T[],
  load: (repository: T) => Promise<number>,
): ReturnType<ServerDeps['reloadPolicies']> => {
  const outcomes = await Promise.allSettled(repositories.map(load))
  const failed = outcomes.filter((one) => one.status === 'rejected')
  if (failed[0] !== undefined && failed.length === outcomes.length) throw failed[0].reason
  return {
    policies: outcomes.reduce((sum, one) => sum + (one.status === 'fulfilled' ? one.value : 0), 0),
    troubles: outcomes.flatMap((one, index) =>
      one.status === 'fulfilled'
        ? []
        : [{ repository: repositories[index]?.fullName ?? '', why: messageOf(one.reason) }],
    ),
  }
}

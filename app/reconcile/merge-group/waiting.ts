import { wakeGroup } from '../key.ts'
import { genuine } from '../observe/deliveries.ts'
import type { ObserveDeps } from '../observe/pull.ts'
import type { Sha } from '../ports/git.ts'
import type { WakeUp } from '../ports/queue.ts'
import type { RepositorySettings } from '../ports/settings.ts'
import type { Delivery } from '../ports/store.ts'

/** GitHub lets a group wait six hours for its checks ("Managing a merge queue", docs.github.com); amply more. */
const longestMs = 24 * 60 * 60_000

export type Group = { readonly ref: string; readonly head: Sha; readonly base: Sha }

/** By the signed payloads alone: anybody could name a branch like a queue's. Not those that are over. */
export const groupsIn = (
  deps: Pick<ObserveDeps, 'payloads'>,
  { branch }: RepositorySettings,
  told: readonly Delivery[],
): readonly Group[] => {
  const groups = new Map<string, Group>()
  for (const { body } of told) {
    const payload = deps.payloads.mergeGroup(body)
    if (payload?.into !== `refs/heads/${branch}`) continue
    const { action, ref, head, base } = payload
    if (action === 'checks_requested') groups.set(ref, { ref, head, base })
    else if (action === 'destroyed' && groups.get(ref)?.head === head) groups.delete(ref)
  }
  return [...groups.values()]
}

/** Which groups to look at again when a pull request was decided otherwise, or for the first time: whose they are is found out by each look. */
export const wakeGroups = async (
  deps: Pick<ObserveDeps, 'store' | 'payloads' | 'log' | 'clock'>,
  repository: RepositorySettings,
): Promise<readonly WakeUp[]> => {
  const told = await deps.store.mergeGroupsSince(repository.id, deps.clock.now() - longestMs)
  return groupsIn(deps, repository, genuine(deps, told)).map(({ ref }) => wakeGroup(repository.id, ref))
}

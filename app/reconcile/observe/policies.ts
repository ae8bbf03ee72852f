import { plainMode } from '../../request/plain.ts'
import type { ReconcileDeps } from '../deps.ts'
import type { PolicySet } from '../ports/evaluator.ts'

/** No policy file is larger. */
const fileLimit = 1024 * 1024
const kept = 8

/** Policy sets of accepted commits, loaded once each and kept while they are among the last used. */
export const createPolicyCache = (deps: Pick<ReconcileDeps, 'git' | 'loadPolicies'>) => {
  const sets = new Map<string, Promise<PolicySet>>()

  const load = async (repository: number, commit: string): Promise<PolicySet> => {
    const mirror = deps.git.mirror(repository)
    await mirror.fetch([commit])
    const files = new Map<string, Uint8Array>()
    for (const entry of await mirror.tree(commit, 'policies/')) {
      if (entry.mode === plainMode) files.set(entry.path, await mirror.blob(entry.sha, fileLimit))
    }
    return deps.loadPolicies(commit, files)
  }

  return {
    /** Throws `GitError`, or the loader's error with every fault. */
    get(repository: number, commit: string): Promise<PolicySet> {
      const key = `${repository}:${commit}`
      const known = sets.get(key)
      sets.delete(key)
      const set =
        known ??
        load(repository, commit).catch((error: unknown) => {
          sets.delete(key)
          throw error
        })
      sets.set(key, set)
      for (const oldest of [...sets.keys()].slice(0, -kept)) sets.delete(oldest)
      return set
    },
    /** Forgets everything, so that the next look loads anew. */
    clear: () => sets.clear(),
  }
}
export type PolicyCache = ReturnType<typeof createPolicyCache>

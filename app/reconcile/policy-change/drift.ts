import type { ReconcileDeps } from '../deps.ts'
import { policyLedger } from '../policies.ts'
import { GitError } from '../ports/git.ts'
import type { RepositorySettings } from '../ports/settings.ts'

/** Why the branch holds other policies than the accepted ones, for whoever looks after the service (trust.md 1.4). */
export const policyDrift = async (
  deps: Pick<ReconcileDeps, 'git' | 'ledger' | 'keys'>,
  repository: RepositorySettings,
): Promise<readonly string[]> => {
  const { accepted, verdicts } = await policyLedger(deps, repository)
  try {
    const mirror = deps.git.mirror(repository.id)
    const { tip } = await mirror.fetch([accepted])
    const [ours, theirs] = await Promise.all([
      mirror.treeHash(accepted, 'policies'),
      mirror.treeHash(tip, 'policies'),
    ])
    if (ours === theirs) return []
    const { commit, pull, why } = verdicts.findLast((one) => !one.accepted) ?? {}
    const where = pull === undefined ? '' : `, pull request ${pull}`
    const last = commit === undefined ? 'not decided yet' : `${commit.slice(0, 10)}${where}: ${why}`
    return [
      `${repository.branch} holds policies that are not accepted (${last}); those at ${accepted.slice(0, 10)} stay in force`,
    ]
  } catch (error) {
    if (!(error instanceof GitError)) throw error
    return [`whether ${repository.branch} holds the accepted policies cannot be seen: ${error.message}`]
  }
}

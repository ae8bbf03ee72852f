import type { ProposalFacts } from '../../decision/facts.ts'
import type { Directory } from '../../identity/directory.ts'
import { plainMode } from '../../request/plain.ts'
import type { ReconcileDeps } from '../deps.ts'
import type { Diff } from '../observe/changes.ts'
import type { Mirror, Sha } from '../ports/git.ts'
import type { PullRequest } from '../ports/github.ts'
import { PolicyTrialError } from '../ports/policy-trial.ts'
import type { RepositorySettings } from '../ports/settings.ts'

const folder = 'policies'
const trialMs = 4 * 60_000

/**
 * What a pull request does to `policies/`, from the trees, and what its policies do when they are tried (trust.md 1.3, 1.8).
 * @param before what was observed of it a moment ago, so that they are not tried again
 */
export const proposalOf = async (
  deps: Pick<ReconcileDeps, 'policyTrial' | 'log'>,
  repository: RepositorySettings,
  mirror: Mirror,
  pull: PullRequest,
  diff: Diff,
  accepted: Sha,
  directory: Directory | undefined,
  before?: ProposalFacts,
): Promise<ProposalFacts> => {
  await mirror.fetch([accepted])
  const head = pull.head.sha
  const merge = pull.merged ? pull.mergeCommit : undefined
  const tree = async (commit: Sha) => (await mirror.treeHash(commit, folder)) ?? null
  const differing = async (commit: Sha) =>
    (await mirror.changes(accepted, commit, `${folder}/`)).map(({ path }) => path)
  const changed = await differing(head)
  const held = new Set(await differing(diff.base))
  const odd = (await mirror.tree(head, `${folder}/`)).filter(({ mode }) => mode !== plainMode)
  const own = pull.head.repository === repository.id
  return {
    tree: await tree(head),
    branchTree: await tree(diff.before),
    baseTree: await tree(diff.base),
    ...(merge === undefined ? {} : { mergedTree: await tree(merge) }),
    superseded: merge !== undefined && (await mirror.isAncestor(merge, accepted)),
    odd: odd.map(({ path, mode }) => ({ path, mode })),
    changed,
    strayed: changed.filter((path) => held.has(path)),
    accepted,
    owners: {
      people: repository.policyOwners.ids.map((id) => {
        const login = directory?.byId(id)?.login
        return login === undefined ? { id } : { id, login }
      }),
      count: repository.policyOwners.count,
    },
    // Nobody's code but that of people who may push here is tried.
    trial: own
      ? before?.accepted === accepted
        ? before.trial
        : await tried(deps, { repository: repository.id, head, accepted })
      : { missing: 'policies from a fork are not tried', lasting: true },
  }
}

const tried = async (
  { policyTrial, log }: Pick<ReconcileDeps, 'policyTrial' | 'log'>,
  request: { readonly repository: number; readonly head: Sha; readonly accepted: Sha },
): Promise<ProposalFacts['trial']> => {
  try {
    return await policyTrial.trial(request, AbortSignal.timeout(trialMs))
  } catch (error) {
    if (!(error instanceof PolicyTrialError)) throw error
    log.warn('proposed policies could not be tried', { ...request, why: error.message })
    return { missing: error.message, lasting: error.code === 'no_opa' }
  }
}

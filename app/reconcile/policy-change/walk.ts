import type { LedgerEvent } from '../../audit/event.ts'
import { changedData } from '../../decision/changed-data.ts'
import { proposes, touchedBy } from '../../decision/touched.ts'
import { gitsudo } from '../../grant/events.ts'
import { writeInstant } from '../../request/instant.ts'
import type { ReconcileDeps } from '../deps.ts'
import { pathFact } from '../observe/changes.ts'
import { obtain } from '../observe/obtain.ts'
import type { Step } from '../observe/steps.ts'
import { acceptedCommit, policyLedger } from '../policies.ts'
import { type Mirror, type Sha, unlessTooLarge } from '../ports/git.ts'
import type { PullRequest } from '../ports/github.ts'
import type { RepositorySettings } from '../ports/settings.ts'
import type { Tx } from '../ports/store.ts'

/** A commit on the branch that changed `policies/`. */
export type PolicyStep = {
  readonly commit: Sha
  readonly paths: readonly string[]
  /** Merged pull requests that GitHub ties to it. */
  readonly pulls: readonly PullRequest[]
  /** One of them proposed policies, and gets its own verdict. */
  readonly brought: boolean
  /** It leaves `policies/` as accepted. */
  readonly restores: boolean
}

/** Which of these steps changed `policies/`, and whose they are; of one that is unreadable nothing is believed. */
export const policySteps = async (
  deps: Pick<ReconcileDeps, 'github' | 'ledger' | 'keys'>,
  repository: RepositorySettings,
  mirror: Mirror,
  steps: readonly Step[],
): Promise<readonly PolicyStep[]> => {
  const found: PolicyStep[] = []
  const api = deps.github.repository(repository.id)
  const { branch } = repository
  let accepted: Promise<Sha | undefined> | undefined
  for (const { commit, before, changes } of steps) {
    if (changes.length === 0) continue
    const paths = changes.map(({ path }) => path)
    const pulls = (await api.pullsOf(commit)).filter(({ merged, base }) => merged && base.ref === branch)
    const proposals = await Promise.all(pulls.map(({ head }) => isProposal(mirror, before, head.sha)))
    accepted ??= acceptedCommit(deps, repository).then((one) => treeOf(mirror, one))
    const ours = await accepted
    const restores = ours !== undefined && (await mirror.treeHash(commit, 'policies')) === ours
    found.push({ commit, paths, pulls, brought: proposals.includes(true), restores })
  }
  return found
}

/**
 * Whether the pull request itself changes `policies/`, and nothing under `requests/`. A head that is gone says nothing;
 * one that is too large to be read proposes nothing.
 */
const isProposal = async (mirror: Mirror, before: Sha, head: Sha): Promise<boolean> => {
  if (!(await obtain(mirror, head))) return true
  return (await unlessTooLarge(proposesSince(mirror, before, head))) ?? false
}

const proposesSince = async (mirror: Mirror, before: Sha, head: Sha): Promise<boolean> => {
  const base = await mirror.mergeBase(before, head)
  return base === undefined || proposes(touchedBy((await mirror.changes(base, head)).map(pathFact)))
}

/**
 * Policies that reached the branch without a pull request of their own change nothing: the last accepted commit
 * stays in force, and somebody hears of it, once a commit (trust.md 1.4).
 */
export const refuseStrays = async (
  deps: ReconcileDeps,
  tx: Tx,
  repository: RepositorySettings,
  steps: readonly PolicyStep[],
): Promise<void> => {
  const strays = steps.filter(({ brought, restores }) => !brought && !restores)
  if (strays.length === 0) return
  const { accepted, verdicts } = await policyLedger(deps, repository)
  for (const { commit, paths, pulls } of strays) {
    if (verdicts.some((one) => one.commit === commit)) continue
    const [pull] = pulls
    const why =
      pull === undefined
        ? 'pushed to the branch without a pull request'
        : `pull request ${pull.number} is not one that changes policies alone`
    const event: LedgerEvent = {
      v: 1,
      type: 'policy.refused',
      at: writeInstant(deps.clock.now()),
      actor: gitsudo,
      repo: repository.id,
      ...(pull === undefined ? {} : { pull: pull.number }),
      commit,
      data: { why, ...changedData(paths), previous: accepted },
    }
    deps.log.alert('policy.not_accepted', {
      repository: repository.id,
      ...(pull === undefined ? {} : { pull: pull.number }),
      commit,
      paths: paths.slice(0, 20),
      why: `${why}; the policies at ${accepted.slice(0, 10)} stay in force`,
    })
    await deps.ledger.stage(tx, deps.keys.sign(event))
  }
}

const treeOf = async (mirror: Mirror, commit: Sha): Promise<Sha | undefined> =>
  (await obtain(mirror, commit)) ? mirror.treeHash(commit, 'policies') : undefined

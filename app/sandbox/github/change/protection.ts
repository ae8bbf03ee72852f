import { atLeast } from '../state/account.ts'
import type { CheckRun } from '../state/check.ts'
import type { Pull, Review } from '../state/pull.ts'
import type { Protection, Repository } from '../state/repository.ts'
import { roleOn, type World } from '../state/world.ts'

const PASSING = ['success', 'neutral', 'skipped']

/** Why the branch's protection does not yet let the pull request in, in GitHub's words; null when it does. Measure it first. */
export function protectionUnmet(world: World, repository: Repository, pull: Pull): string | null {
  const protection = repository.protections.get(pull.base.ref)
  if (!protection) return null
  if (protection.strict && pull.measured?.upToDate === false)
    return 'Head branch is not up to date with the base branch.'
  const check = checkUnmet(repository, protection, pull.head.sha)
  if (check !== null) return check
  if (protection.requiredReviews === 0) return null
  const verdicts = [...latestVerdicts(pull).values()].filter((review) =>
    atLeast(roleOn(world, repository, review.userId), 'write'),
  )
  if (verdicts.some((review) => review.state === 'CHANGES_REQUESTED')) return 'Changes have been requested.'
  const approvals = verdicts.filter((review) => review.state === 'APPROVED').length
  const needed = protection.requiredReviews
  if (approvals >= needed) return null
  return `At least ${needed} approving review${needed === 1 ? ' is' : 's are'} required by reviewers with write access.`
}

/** Each reviewer's latest review that says yes or no. */
function latestVerdicts(pull: Pull): Map<number, Review> {
  const latest = new Map<number, Review>()
  for (const review of pull.reviews) {
    if (review.state !== 'COMMENTED' && review.state !== 'PENDING') latest.set(review.userId, review)
  }
  return latest
}

/** What the branch's required checks say of a commit, all together. */
export function checksOn(
  repository: Repository,
  protection: Protection,
  sha: string,
): 'passing' | 'failing' | 'pending' {
  const states = protection.requiredChecks.map(({ context, appId }) =>
    checkState(repository, context, appId, sha),
  )
  if (states.includes('failing')) return 'failing'
  return states.every((state) => state === 'passing') ? 'passing' : 'pending'
}

/** Which required check the commit lacks, in GitHub's words, or null. */
function checkUnmet(repository: Repository, protection: Protection, sha: string): string | null {
  for (const { context, appId } of protection.requiredChecks) {
    const state = checkState(repository, context, appId, sha)
    if (state !== 'passing') return `Required status check "${context}" is ${state}.`
  }
  return null
}

function checkState(
  repository: Repository,
  context: string,
  appId: number | null,
  sha: string,
): 'passing' | 'failing' | 'pending' | 'expected' {
  const run = latestRun(repository, context, appId, sha)
  if (run) {
    if (run.status !== 'completed') return 'pending'
    return PASSING.includes(run.conclusion ?? '') ? 'passing' : 'failing'
  }
  if (appId !== null) return 'expected'
  const status = repository.statuses.findLast((each) => each.sha === sha && each.context === context)
  if (!status) return 'expected'
  return status.state === 'success' ? 'passing' : status.state === 'pending' ? 'pending' : 'failing'
}

function latestRun(
  repository: Repository,
  name: string,
  appId: number | null,
  sha: string,
): CheckRun | undefined {
  return repository.runsOfHead
    .get(sha)
    ?.findLast((run) => run.name === name && (appId === null || run.appId === appId))
}

/** Why a push to the branch is refused, or null. `force` is answered by the hook, which has the new commits. */
export function pushRefusal(
  world: World,
  repository: Repository,
  branch: string,
  actorId: number,
  after: string | null,
): { message: string | null; noForce: boolean } {
  if (branch.startsWith('gh-readonly-queue/'))
    return { message: 'Cannot update this branch: it belongs to a merge queue', noForce: true }
  const protection = repository.protections.get(branch)
  if (!protection) return { message: null, noForce: false }
  const noForce = !protection.allowForcePushes
  if (after === null) return { message: 'Cannot delete this protected branch', noForce }
  const mayBypass = !protection.enforceAdmins && roleOn(world, repository, actorId) === 'admin'
  if (mayBypass) return { message: null, noForce }
  if (protection.mergeQueue) return { message: 'Changes must be made through the merge queue', noForce }
  if (protection.requiredReviews > 0)
    return { message: 'Changes must be made through a pull request.', noForce }
  return { message: checkUnmet(repository, protection, after), noForce }
}

import { additions, followBranch } from '../branch.ts'
import type { ObserveDeps, Observed } from '../observe/pull.ts'
import { stepsBelow } from '../observe/steps.ts'
import { Trouble } from '../observe/trouble.ts'
import { acceptedCommit } from '../policies.ts'
import type { Mirror, Sha } from '../ports/git.ts'
import type { RepositorySettings } from '../ports/settings.ts'
import type { Tx } from '../ports/store.ts'

/**
 * What the branch loses after this it loses from the cursor on, and its reconciler sees that. Nothing unsays an acceptance
 * of policies, so for them it is followed to where it is now.
 */
export const followToMerge = async (
  deps: ObserveDeps,
  repository: RepositorySettings,
  observed: Observed,
): Promise<void> => {
  if (!holdsMerge(observed)) return
  await deps.following(repository.id, async () => {
    if (observed.proposal !== undefined) await followBranch(deps, repository)
    else if (!(await isFollowed(deps, observed))) await followBranch(deps, repository, observed.diff.tip)
  })
}

/**
 * Until the transaction ends, merges about the same people wait (trust.md 3.9), and so does whatever moves the branch's
 * cursor or loads policies; merges about other people do not.
 * @throws Trouble where the accepted policies, or the branch where these requests lie, have moved since they were observed
 */
export const holdStill = async (
  deps: ObserveDeps,
  tx: Tx,
  repository: RepositorySettings,
  observed: Observed,
): Promise<void> => {
  const people = observed.facts.requests.flatMap(({ requester }) =>
    requester !== undefined && 'person' in requester ? [requester.person.id] : [],
  )
  for (const id of [...new Set(people)].sort((a, b) => a - b)) await deps.store.serialise(tx, `person:${id}`)
  await deps.store.share(tx, `branch:${repository.id}`)
  await stillAccepted(deps, repository, observed)
  const cursor = (await deps.store.branch(repository.id))?.cursor
  if (cursor === undefined && !holdsMerge(observed)) return
  if (
    cursor === undefined ||
    !(await isUntouched(deps.git.mirror(repository.id), observed, cursor)) ||
    (holdsMerge(observed) && !(await isFollowed(deps, observed)))
  )
    throw new Trouble('the branch moved while the merge was being decided')
}

/** Whether the branch has been reconciled up to the merge. */
const isFollowed = async (deps: ObserveDeps, { facts, pull }: Observed): Promise<boolean> => {
  const { id } = facts.repository
  const mirror = deps.git.mirror(id)
  const cursor = (await deps.store.branch(id))?.cursor
  return (
    cursor !== undefined &&
    pull.mergeCommit !== undefined &&
    (await mirror.has(cursor)) &&
    (await mirror.isAncestor(pull.mergeCommit, cursor))
  )
}

/** Whether the branch reconciler has seen nothing of these requests' files that was not observed: one may be gone again. */
const isUntouched = async (
  mirror: Mirror,
  { facts, diff: { tip } }: Observed,
  cursor: Sha,
): Promise<boolean> => {
  if (!(await mirror.has(cursor))) return false
  if (await mirror.isAncestor(cursor, tip)) return true
  const steps = await mirror.firstParents(tip, cursor)
  if (steps === undefined) return false
  const paths = new Set(facts.requests.map(({ path }) => path))
  const seen = await stepsBelow(mirror, 'requests/', tip, steps, () => paths)
  return !additions(seen).some(({ change }) => paths.has(change.path))
}

/** Whether the branch holds the merge, and requests or policies came with it. */
const holdsMerge = ({ facts, proposal }: Observed): boolean =>
  facts.pull.merged?.onBranch === true && (facts.requests.length > 0 || proposal !== undefined)

/** The accepted policy commit at the moment of the decision is the one that was asked (trust.md 1.5). */
export const stillAccepted = async (
  deps: ObserveDeps,
  repository: RepositorySettings,
  { facts: { policy } }: Observed,
): Promise<void> => {
  if ('commit' in policy && (await acceptedCommit(deps, repository)) !== policy.commit)
    throw new Trouble('other policies were accepted while the merge was being decided')
}

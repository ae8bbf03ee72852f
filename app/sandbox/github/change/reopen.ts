import { custom, validationFailed } from '../errors.ts'
import { isAncestor } from '../history.ts'
import type { Pull } from '../state/pull.ts'
import { branchSha, type Repository } from '../state/repository.ts'
import { repositoryOf, type World } from '../state/world.ts'
import { announcePull, bringHead, tryMerge } from './pull.ts'

/** Opens a closed pull request again, at its branch's present head. */
export async function reopenPull(
  world: World,
  repository: Repository,
  pull: Pull,
  actorId: number,
): Promise<void> {
  const cannot = (why: string) => custom('PullRequest', `state cannot be changed. ${why}`, 'state')
  if (pull.mergedAt !== null) throw cannot('The pull request is already merged.')
  const from = repositoryOf(world, pull.head.repositoryId)
  const sha = branchSha(from, pull.head.ref)
  if (sha === undefined) throw cannot(`The ${pull.head.ref} branch has been deleted.`)
  if (branchSha(repository, pull.base.ref) === undefined)
    throw cannot(`The ${pull.base.ref} branch has been deleted.`)
  if (!(await isAncestor(from, pull.head.sha, sha)))
    throw cannot(`The ${pull.head.ref} branch was force-pushed or recreated.`)
  pull.head.sha = sha
  const now = world.clock.now()
  Object.assign(pull.issue, { state: 'open', closedAt: null, updatedAt: now })
  pull.issue.events.push({ id: world.nextId(), event: 'reopened', actorId, createdAt: now })
  await bringHead(world, repository, pull)
  await tryMerge(world, repository, pull)
  await announcePull(world, repository, pull, actorId, 'reopened')
}

/** Points the pull request at another base branch. */
export async function retargetPull(
  world: World,
  repository: Repository,
  pull: Pull,
  base: string,
): Promise<void> {
  const sha = branchSha(repository, base)
  if (sha === undefined) throw validationFailed({ resource: 'PullRequest', field: 'base', code: 'invalid' })
  if (pull.issue.state === 'closed')
    throw custom('PullRequest', 'Cannot change the base branch of a closed pull request.')
  pull.base.ref = base
  pull.base.sha = sha
  await tryMerge(world, repository, pull)
}

import { forbidden, invalid } from '../errors.ts'
import { writeCommit } from '../git-objects.ts'
import { isAncestor, mergedTree } from '../history.ts'
import { webAuthor, webCommitter } from '../shapes/commit.ts'
import { atLeast } from '../state/account.ts'
import type { Pull } from '../state/pull.ts'
import { branchSha, type Repository } from '../state/repository.ts'
import { repositoryOf, roleOn, type World } from '../state/world.ts'
import { moveRef } from './ref.ts'

/** Merges the base into the head branch: whoever asks has pushed. */
export async function updateBranch(
  world: World,
  repository: Repository,
  pull: Pull,
  actorId: number,
): Promise<void> {
  const from = repositoryOf(world, pull.head.repositoryId)
  if (from !== repository) throw invalid('Updating the branch of a fork is not covered by this GitHub.')
  if (!atLeast(roleOn(world, from, actorId), 'write')) throw forbidden('Must have push access to repository')
  await repository.exclusively(async () => {
    const base = branchSha(repository, pull.base.ref)
    if (base === undefined || pull.issue.state === 'closed')
      throw invalid('There are no new commits on the base branch.')
    const before = pull.head.sha
    if (await isAncestor(repository, base, before))
      throw invalid('There are no new commits on the base branch.')
    const tree = await mergedTree(repository.gitDir, before, base)
    if (tree === null) throw invalid('merge conflict between base and head')
    const after = await writeCommit(repository.objects, {
      tree,
      parents: [before, base],
      author: webAuthor(world, actorId),
      committer: webCommitter(world),
      message: `Merge branch '${pull.base.ref}' into ${pull.head.ref}`,
    })
    repository.webCommits.add(after)
    await moveRef(world, repository, { ref: `refs/heads/${pull.head.ref}`, before, after, actorId })
  })
}

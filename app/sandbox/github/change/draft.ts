import type { Pull } from '../state/pull.ts'
import type { Repository } from '../state/repository.ts'
import type { World } from '../state/world.ts'
import { announcePull } from './pull.ts'

/** Makes a draft of the pull request, or says that it is ready. */
export async function setDraft(
  world: World,
  repository: Repository,
  pull: Pull,
  actorId: number,
  draft: boolean,
): Promise<void> {
  if (pull.draft === draft) return
  pull.draft = draft
  pull.issue.updatedAt = world.clock.now()
  await announcePull(world, repository, pull, actorId, draft ? 'converted_to_draft' : 'ready_for_review')
}

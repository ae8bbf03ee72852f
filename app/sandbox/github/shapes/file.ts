import type { components } from '@octokit/openapi-types'
import { type FileChange, patchOf } from '../history.ts'
import type { Repository } from '../state/repository.ts'
import type { World } from '../state/world.ts'
import { repositoryApi, repositoryPage } from './repository.ts'

/** One changed file, with its patch. */
export async function fileShape(
  world: World,
  repository: Repository,
  range: { from: string; to: string },
  file: FileChange,
) {
  const path = file.path.split('/').map(encodeURIComponent).join('/')
  const patch = await patchOf(repository.gitDir, range.from, range.to, file)
  const page = repositoryPage(world, repository)
  return {
    sha: file.sha,
    filename: file.path,
    status: file.status,
    additions: file.additions,
    deletions: file.deletions,
    changes: file.additions + file.deletions,
    blob_url: `${page}/blob/${range.to}/${path}`,
    raw_url: `${page}/raw/${range.to}/${path}`,
    contents_url: `${repositoryApi(world, repository)}/contents/${path}?ref=${range.to}`,
    ...(patch === null ? {} : { patch }),
    ...(file.previousPath === null ? {} : { previous_filename: file.previousPath }),
  } satisfies components['schemas']['diff-entry']
}

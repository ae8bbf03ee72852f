import { invalid } from '../errors.ts'
import { runGit } from '../git.ts'
import type { Repository } from '../state/repository.ts'

/**
 * The commit that a branch, a tag, a full ref or an object id (also shortened) names.
 * Throws 422 as GitHub does when there is none.
 */
export async function commitNamed(repository: Repository, name: string): Promise<string> {
  for (const ref of [`refs/heads/${name}`, `refs/tags/${name}`, name, `refs/${name}`]) {
    const sha = repository.refs.get(ref)
    if (sha !== undefined) return peeled(repository, sha, name)
  }
  if (name === 'HEAD') return commitNamed(repository, repository.defaultBranch)
  if (/^[0-9a-f]{40}$/.test(name)) return peeled(repository, name, name)
  if (/^[0-9a-f]{4,39}$/.test(name)) {
    const result = await runGit(repository.gitDir, ['rev-parse', '--verify', '--quiet', `${name}^{commit}`])
    if (result.code === 0) return result.stdout.toString().trim()
  }
  throw invalid(`No commit found for SHA: ${name}`)
}

async function peeled(repository: Repository, sha: string, name: string): Promise<string> {
  const object = await repository.objects.read(sha)
  if (object?.type === 'commit') return sha
  const target =
    object?.type === 'tag' ? /^object ([0-9a-f]{40})$/m.exec(object.body.toString())?.[1] : undefined
  if (target === undefined) throw invalid(`No commit found for SHA: ${name}`)
  return peeled(repository, target, name)
}

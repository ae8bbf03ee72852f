import type { Call } from '../call.ts'
import { callerOf } from '../call.ts'
import { GitHubError } from '../errors.ts'
import type { Repository } from '../state/repository.ts'
import { pushRefusal } from './protection.ts'

/** Throws GitHub's 422 when the branch's protection forbids moving the ref there. `after` null: deleting it. */
export function guardBranch(
  call: Call,
  repository: Repository,
  ref: string,
  after: string | null,
  forward: boolean,
): void {
  if (!ref.startsWith('refs/heads/')) return
  const branch = ref.slice('refs/heads/'.length)
  const { message, noForce } = pushRefusal(call.world, repository, branch, callerOf(call).id, after)
  const why = message ?? (noForce && !forward ? 'Cannot force-push to this branch' : null)
  if (why !== null) throw new GitHubError(422, why)
}

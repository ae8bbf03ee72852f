import { GitHubError } from '../../../app/reconcile/ports/github.ts'
import type { AccessWorld } from '../../support/memory/access-world.ts'

export const minute = 60_000
export const day = 24 * 60 * minute
export const away = () => {
  throw new GitHubError('unavailable', 'GitHub is away')
}
/** Whoever writes a commit chooses the name on it. */
export const alice = { name: 'alice', email: 'alice@example.com' }
export const calls = (world: AccessWorld) => world.writes.map(({ call }) => call)
export const approved = async (world: AccessWorld, name = 'a', files = [name]): Promise<number> => {
  const pull = world.request(name, files)
  await world.settle()
  world.review(pull, 'bob')
  await world.settle()
  return pull
}

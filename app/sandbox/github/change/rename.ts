import type { Account } from '../state/account.ts'
import type { Repository } from '../state/repository.ts'
import { fullName, type World } from '../state/world.ts'
import { announce } from './announce.ts'
import { leave } from './app.ts'

/**
 * Gives the repository another name, or another owner; its id stays, and its old name leads to it. An App is installed on
 * an account: the installation on the old owner loses what goes to another, who is the only one told of a transfer.
 */
export async function renameRepository(
  world: World,
  repository: Repository,
  to: { readonly ownerId: number; readonly name: string },
): Promise<void> {
  const { name: from, ownerId } = repository
  if (to.ownerId !== ownerId)
    for (const installation of world.installations.values()) leave(world, installation, repository)
  keepName(world, repository)
  Object.assign(repository, to)
  world.oldNames.delete(fullName(world, repository).toLowerCase())
  if (to.ownerId !== ownerId) return
  await announce(world, repository, ownerId, 'repository', 'renamed', () => ({
    changes: { repository: { name: { from } } },
  }))
}

/** Another login: the repositories' old names lead to them. */
export function renameAccount(world: World, account: Account, login: string): void {
  for (const repository of world.repositories.values())
    if (repository.ownerId === account.id) keepName(world, repository)
  account.login = login
  for (const repository of world.repositories.values())
    if (repository.ownerId === account.id) world.oldNames.delete(fullName(world, repository).toLowerCase())
}

const keepName = (world: World, repository: Repository) =>
  world.oldNames.set(fullName(world, repository).toLowerCase(), repository.id)

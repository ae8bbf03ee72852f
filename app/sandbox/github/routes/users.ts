import { accountNamed, type Call, callerOf, get, numberIn, ok, type Route } from '../call.ts'
import { notByIntegration, notFound } from '../errors.ts'
import { page } from '../page.ts'
import { installationShape } from '../shapes/app.ts'
import { repositoryShape } from '../shapes/repository.ts'
import { publicUser } from '../shapes/user.ts'
import type { Installation } from '../state/app.ts'
import { isCollaborator, repositoryOf } from '../state/world.ts'

/** `GET /user` is for people: an installation has no account of its own. */
function own(call: Call) {
  if (call.actor.kind === 'installation') throw notByIntegration()
  const account = callerOf(call)
  return ok({ ...publicUser(call.world, account), two_factor_authentication: true })
}

/** Installations of the App behind a user's token, on whatever the user can reach. */
function reachable(call: Call): { installation: Installation; repositories: number[] }[] {
  const { actor, world } = call
  if (actor.kind !== 'user' || !actor.app) throw notByIntegration()
  const { app, user } = actor
  return world.installations
    .values()
    .filter((installation) => installation.appId === app.id)
    .map((installation) => ({
      installation,
      repositories: [...installation.repositories].filter((id) =>
        isCollaborator(world, repositoryOf(world, id), user.id),
      ),
    }))
    .filter(({ repositories }) => repositories.length > 0)
    .toArray()
}

export const userRoutes: readonly Route[] = [
  get('/user', own),
  get('/users/{username}', (call) =>
    ok(publicUser(call.world, accountNamed(call.world, call.param('username')))),
  ),
  get('/user/{account_id}', (call) => {
    const account = call.world.accounts.get(numberIn(call, 'account_id'))
    if (!account || account.removed) throw notFound()
    return ok(publicUser(call.world, account))
  }),
  get('/user/installations', (call) => {
    const found = reachable(call)
    return page(
      call,
      found,
      ({ installation }) => installationShape(call.world, installation),
      (installations) => ({ total_count: found.length, installations }),
    )
  }),
  get('/user/installations/{installation_id}/repositories', (call) => {
    const id = numberIn(call, 'installation_id')
    const found = reachable(call).find(({ installation }) => installation.id === id)
    if (!found) throw notFound()
    return page(
      call,
      found.repositories,
      (each) => repositoryShape(call.world, repositoryOf(call.world, each)),
      (repositories) => ({ total_count: found.repositories.length, repositories }),
    )
  }),
]

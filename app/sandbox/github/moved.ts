import { mayAccess, need } from './access.ts'
import type { Actor } from './actor.ts'
import type { Answer, Call, Route } from './call.ts'
import { notFound } from './errors.ts'
import type { Repository } from './state/repository.ts'
import { accountOf, formerRepository, installationOn, type World } from './state/world.ts'

const BY_NAME = '/repos/{owner}/{repo}'

/** Where what lies below a repository's name lies below its number; undefined for all else. */
export function pathByNumber(path: string): string | undefined {
  return path.startsWith(BY_NAME) ? `/repositories/{repository_id}${path.slice(BY_NAME.length)}` : undefined
}

/** Parameters of a path, with the names that a repository's number stands for at the moment. */
export function withNames(
  world: World,
  params: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const { repository_id: id } = params
  if (id === undefined) return params
  const repository = /^\d{1,15}$/.test(id) ? world.repositories.get(Number(id)) : undefined
  if (!repository) throw notFound()
  return { ...params, owner: accountOf(world, repository.ownerId).login, repo: repository.name }
}

/**
 * What an old name answers: where the repository is by its number, 301 to reads and 307 to all else, so that the method
 * stays; undefined where the name is nobody's, or the caller must not know whose.
 * https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects
 */
export function moved(call: Call, route: Route): Answer | undefined {
  if (pathByNumber(route.path) === undefined) return undefined
  const repository = formerRepository(call.world, call.param('owner'), call.param('repo'))
  if (!repository || !maySee(call.world, call.actor, repository)) return undefined
  const below = call.url.pathname.split('/').slice(6)
  const path = ['/api/v3/repositories', repository.id, ...below].join('/')
  const url = `${call.world.url}${path}${call.url.search}`
  return {
    status: route.method === 'GET' ? 301 : 307,
    headers: { location: url },
    body: {
      message: 'Moved Permanently',
      url,
      documentation_url:
        'https://docs.github.com/rest/guides/best-practices-for-using-the-rest-api#follow-redirects',
    },
  }
}

/** An App sees by its JSON web token what it is installed on. */
function maySee(world: World, actor: Actor, repository: Repository): boolean {
  return actor.kind === 'app'
    ? installationOn(world, actor.app.id, repository.id) !== undefined
    : mayAccess(world, actor, repository, need('metadata', 'read'))
}

import {
  accountNamed,
  type Call,
  created,
  get,
  noContent,
  numberIn,
  ok,
  organisationIn,
  patch,
  post,
  put,
  type Route,
  remove,
} from '../call.ts'
import { pingApp, suspend, uninstall } from '../change/app.ts'
import { GitHubError, invalid, notFound, unauthorised } from '../errors.ts'
import { page } from '../page.ts'
import { appShape, installationShape } from '../shapes/app.ts'
import { repositoryShape } from '../shapes/repository.ts'
import { iso } from '../shapes/time.ts'
import { userById } from '../shapes/user.ts'
import type { App, Installation, Permissions } from '../state/app.ts'
import { findRepository, repositoryOf } from '../state/world.ts'
import { createInstallationToken, hashOfToken, isOver } from '../tokens.ts'

/** The App whose JSON web token came with the call. */
export function appIn(call: Call): App {
  if (call.actor.kind === 'app') return call.actor.app
  throw unauthorised('A JSON web token could not be decoded')
}

function installationsOf(call: Call, app: App): Installation[] {
  return call.world.installations
    .values()
    .filter((each) => each.appId === app.id)
    .toArray()
}

function installationIn(call: Call): Installation {
  const id = numberIn(call, 'installation_id')
  const installation = installationsOf(call, appIn(call)).find((each) => each.id === id)
  if (!installation) throw notFound()
  return installation
}

function createToken(call: Call) {
  const installation = installationIn(call)
  if (installation.suspendedAt !== null) throw new GitHubError(403, 'This installation has been suspended')
  const { world, body } = call
  const ids = body.raw('repository_ids')
  const names = body.texts('repositories')
  const wanted = new Set<number>(Array.isArray(ids) ? ids.map(Number) : [])
  for (const name of names) {
    const found = [...installation.repositories].find((id) => repositoryOf(world, id).name === name)
    if (found === undefined) throw unknownRepository()
    wanted.add(found)
  }
  if ([...wanted].some((id) => !installation.repositories.has(id))) throw unknownRepository()
  const limited = ids !== undefined || names.length > 0
  const permissions = narrowed(installation.permissions, body.raw('permissions'))
  const { token, expiresAt } = createInstallationToken(world, installation.id, {
    repositories: limited ? wanted : 'all',
    permissions,
  })
  return created({
    token,
    expires_at: iso(expiresAt),
    permissions: { metadata: 'read', ...permissions },
    repository_selection: 'selected',
    ...(limited
      ? { repositories: [...wanted].map((id) => repositoryShape(world, repositoryOf(world, id))) }
      : {}),
  })
}

const unknownRepository = () =>
  invalid(
    'There is at least one repository that does not exist or is not accessible to the parent installation.',
  )

function narrowed(granted: Permissions, asked: unknown): Permissions {
  if (typeof asked !== 'object' || asked === null) return { ...granted }
  const result: Permissions = {}
  for (const [name, level] of Object.entries(asked)) {
    const has = granted[name] ?? (name === 'metadata' ? 'read' : undefined)
    if (
      (level !== 'read' && level !== 'write' && level !== 'admin') ||
      has === undefined ||
      (level !== 'read' && has === 'read')
    )
      throw invalid('The permissions requested are not granted to this installation.')
    result[name] = level
  }
  return result
}

function setSuspended(call: Call, suspended: boolean) {
  suspend(call.world, installationIn(call), appIn(call).ownerId, suspended)
  return noContent
}

/** `POST /applications/{client_id}/token`: whether a user's token is good and was issued to this App. */
function checkedToken(call: Call) {
  const { actor, world } = call
  if (actor.kind !== 'client' || actor.app.clientId !== call.param('client_id')) throw notFound()
  const secret = call.body.text('access_token')
  const token = world.tokens.get(secret)
  if (token?.kind !== 'user' || token.appId !== actor.app.id || isOver(world, token)) throw notFound()
  if (world.accounts.get(token.userId)?.removed) throw notFound()
  return { app: actor.app, secret, token }
}

function checkToken(call: Call) {
  const { app, secret, token } = checkedToken(call)
  return ok({
    id: token.id,
    url: `${call.world.url}/api/v3/authorizations/${token.id}`,
    scopes: [],
    token: secret,
    token_last_eight: secret.slice(-8),
    hashed_token: hashOfToken(secret),
    app: { client_id: app.clientId, name: app.name, url: `${call.world.url}/apps/${app.slug}` },
    note: null,
    note_url: null,
    updated_at: iso(token.createdAt),
    created_at: iso(token.createdAt),
    fingerprint: null,
    expires_at: token.expiresAt === undefined ? null : iso(token.expiresAt),
    user: userById(call.world, token.userId),
  })
}

const hookConfig = (app: App) => ({
  content_type: app.hook.contentType,
  insecure_ssl: app.hook.insecureSsl,
  secret: '********',
  url: app.hook.url,
})

function changeHook(call: Call) {
  const app = appIn(call)
  app.hook.url = call.body.textOr('url', app.hook.url)
  app.hook.secret = call.body.textOr('secret', app.hook.secret)
  app.hook.contentType = call.body.textOr('content_type', app.hook.contentType)
  pingApp(call.world, app)
  return ok(hookConfig(app))
}

function installationFor(call: Call, fits: (installation: Installation) => boolean) {
  const installation = installationsOf(call, appIn(call)).find(fits)
  if (!installation) throw notFound()
  return ok(installationShape(call.world, installation))
}

export const appRoutes: readonly Route[] = [
  get('/app', (call) => {
    const app = appIn(call)
    return ok({ ...appShape(call.world, app), installations_count: installationsOf(call, app).length })
  }),
  get('/apps/{app_slug}', (call) => {
    const app = call.world.apps.values().find((each) => each.slug === call.param('app_slug'))
    if (!app) throw notFound()
    return ok(appShape(call.world, app))
  }),
  get('/app/installations', (call) =>
    page(call, installationsOf(call, appIn(call)), (each) => installationShape(call.world, each)),
  ),
  get('/app/installations/{installation_id}', (call) =>
    ok(installationShape(call.world, installationIn(call))),
  ),
  remove('/app/installations/{installation_id}', (call) => {
    uninstall(call.world, installationIn(call), appIn(call).ownerId)
    return noContent
  }),
  post('/app/installations/{installation_id}/access_tokens', createToken),
  put('/app/installations/{installation_id}/suspended', (call) => setSuspended(call, true)),
  remove('/app/installations/{installation_id}/suspended', (call) => setSuspended(call, false)),
  get('/repos/{owner}/{repo}/installation', (call) => {
    const repository = findRepository(call.world, call.param('owner'), call.param('repo'))
    return installationFor(call, (each) => repository !== undefined && each.repositories.has(repository.id))
  }),
  get('/orgs/{org}/installation', (call) => {
    const organisation = organisationIn(call)
    return installationFor(call, (each) => each.accountId === organisation.id)
  }),
  get('/users/{username}/installation', (call) => {
    const account = accountNamed(call.world, call.param('username'))
    return installationFor(call, (each) => each.accountId === account.id)
  }),
  get('/installation/repositories', (call) => {
    const { actor } = call
    if (actor.kind !== 'installation')
      throw new GitHubError(
        403,
        'You must authenticate with an installation access token in order to list repositories for an installation.',
      )
    const ids = [...actor.repositories]
    return page(
      call,
      ids,
      (id) => repositoryShape(call.world, repositoryOf(call.world, id)),
      (repositories) => ({ total_count: ids.length, repository_selection: 'selected', repositories }),
    )
  }),
  remove('/installation/token', (call) => {
    const secret = call.header('authorization')?.split(' ')[1] ?? ''
    if (call.actor.kind !== 'installation') throw unauthorised('Bad credentials')
    call.world.tokens.delete(secret)
    return noContent
  }),
  post('/applications/{client_id}/token', checkToken),
  remove('/applications/{client_id}/token', (call) => {
    call.world.tokens.delete(checkedToken(call).secret)
    return noContent
  }),
  get('/app/hook/config', (call) => ok(hookConfig(appIn(call)))),
  patch('/app/hook/config', changeHook),
]

import { timingSafeEqual } from 'node:crypto'
import { GitHubError, notByIntegration, unauthorised } from './errors.ts'
import { verifyJwt } from './jwt.ts'
import type { Account } from './state/account.ts'
import type { App, Installation, Permissions } from './state/app.ts'
import { accountOf, appOf, type World } from './state/world.ts'
import { isOver } from './tokens.ts'

/** Who is calling. */
export type Actor =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'user'; readonly user: Account; readonly app: App | null; readonly token: string }
  | { readonly kind: 'app'; readonly app: App }
  /** An App's client id and secret as basic authentication. */
  | { readonly kind: 'client'; readonly app: App }
  | {
      readonly kind: 'installation'
      readonly app: App
      readonly installation: Installation
      readonly repositories: ReadonlySet<number>
      readonly permissions: Permissions
    }

/** Reads an `Authorization` header. Throws 401 for anything that is not, or no longer, good. */
export function authenticate(world: World, authorization: string | undefined): Actor {
  if (authorization === undefined || authorization === '') return { kind: 'anonymous' }
  const [scheme = '', value = ''] = authorization.split(/\s+/, 2)
  switch (scheme.toLowerCase()) {
    case 'bearer':
    case 'token':
      return value.split('.').length === 3 ? byJwt(world, value) : byToken(world, value)
    case 'basic': {
      const pair = Buffer.from(value, 'base64').toString()
      const colon = pair.indexOf(':')
      const [user, password] = [pair.slice(0, colon), pair.slice(colon + 1)]
      const app = world.apps.values().find((each) => each.clientId === user)
      if (app) {
        if (!equal(app.clientSecret, password)) throw unauthorised('Bad credentials')
        return { kind: 'client', app }
      }
      return byToken(world, password === '' || password === 'x-oauth-basic' ? user : password)
    }
    default:
      throw unauthorised('Bad credentials')
  }
}

function byJwt(world: World, jwt: string): Actor {
  const app = verifyJwt(jwt, world.clock.now(), (issuer) =>
    world.apps.values().find((each) => String(each.id) === issuer || each.clientId === issuer),
  )
  return { kind: 'app', app }
}

function byToken(world: World, secret: string): Actor {
  const token = world.tokens.get(secret)
  if (!token) throw unauthorised('Bad credentials')
  if (token.kind === 'user') {
    const user = accountOf(world, token.userId)
    if (user.removed || isOver(world, token)) throw unauthorised('Bad credentials')
    return { kind: 'user', user, app: token.appId === null ? null : appOf(world, token.appId), token: secret }
  }
  const installation = world.installations.get(token.installationId)
  if (!installation || token.expiresAt <= world.clock.now()) throw unauthorised('Bad credentials')
  if (installation.suspendedAt !== null) throw new GitHubError(403, 'This installation has been suspended')
  const granted = [...installation.repositories]
  const repositories = new Set(
    granted.filter((id) => token.repositories === 'all' || token.repositories.has(id)),
  )
  return {
    kind: 'installation',
    app: appOf(world, installation.appId),
    installation,
    repositories,
    permissions: stillGranted(token.permissions, installation.permissions),
  }
}

/** What a token was given and the installation still has: a permission that was taken back dies in every token. */
function stillGranted(given: Permissions, now: Permissions): Permissions {
  const levels = ['read', 'write', 'admin'] as const
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, level]) => {
      // Every App may read metadata, named or not.
      const has = now[name] ?? (name === 'metadata' ? 'read' : undefined)
      const least = levels.find((each) => each === level || each === has)
      return has === undefined || least === undefined ? [] : [[name, least]]
    }),
  )
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

/** The account in whose name the actor acts: a person, or the App's bot. */
export function accountActing(world: World, actor: Actor): Account {
  switch (actor.kind) {
    case 'user':
      return actor.user
    case 'installation':
      return accountOf(world, actor.app.botId)
    case 'anonymous':
      throw unauthorised('Requires authentication')
    default:
      throw notByIntegration()
  }
}

/** The App through which the actor acts, if any. */
export function appActing(actor: Actor): App | null {
  return actor.kind === 'anonymous' ? null : actor.app
}

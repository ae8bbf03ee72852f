import { type Actor, appActing } from './actor.ts'
import { forbidden, notByIntegration, notFound, unauthorised } from './errors.ts'
import { atLeast, type Role } from './state/account.ts'
import type { Permissions } from './state/app.ts'
import type { Repository } from './state/repository.ts'
import { accountOf, installationOn, roleOn, type World } from './state/world.ts'

/** What a call needs: an App one of the permissions at that level, a person the role. */
export type Need = {
  readonly app: readonly string[]
  readonly level: 'read' | 'write' | 'admin'
  readonly role: Role
}

/** Shorthand for the usual needs; `role` defaults to the level. */
export function need(app: string | readonly string[], level: Need['level'], role: Role = level): Need {
  return { app: typeof app === 'string' ? [app] : app, level, role }
}

/**
 * Throws unless the actor may. Who may not even read a repository gets 404, so that its existence stays hidden;
 * an App without the permission gets 403.
 */
export function allow(world: World, actor: Actor, repository: Repository, wanted: Need): void {
  const open = !repository.private && wanted.level === 'read'
  switch (actor.kind) {
    case 'anonymous':
      if (open && wanted.role === 'read') return
      throw repository.private ? notFound() : unauthorised('Requires authentication')
    case 'app':
    case 'client':
      throw repository.private ? notFound() : notByIntegration()
    case 'installation':
      if (actor.repositories.has(repository.id)) {
        granted(actor.permissions, wanted)
        return
      }
      if (open && wanted.role === 'read') return
      throw repository.private ? notFound() : notByIntegration()
    case 'user': {
      const role = roleOn(world, repository, actor.user.id)
      if (role === 'none') throw notFound()
      if (actor.app) {
        const installation = installationOn(world, actor.app.id, repository.id)
        if (installation && installation.suspendedAt === null) granted(installation.permissions, wanted)
        else if (!(open && wanted.role === 'read')) throw repository.private ? notFound() : notByIntegration()
      }
      if (!atLeast(role, wanted.role))
        throw forbidden(
          wanted.role === 'admin'
            ? 'Must have admin rights to Repository.'
            : 'Must have push access to repository',
        )
    }
  }
}

function granted(permissions: Permissions, wanted: Need): void {
  const levels = ['read', 'write', 'admin']
  const fits = wanted.app.some((name) => {
    // Every App may read metadata (https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps).
    const has = permissions[name] ?? (name === 'metadata' ? 'read' : undefined)
    return has !== undefined && levels.indexOf(has) >= levels.indexOf(wanted.level)
  })
  if (!fits) throw notByIntegration()
}

/** Whether the actor may; see {@link allow}. */
export function mayAccess(world: World, actor: Actor, repository: Repository, wanted: Need): boolean {
  try {
    allow(world, actor, repository, wanted)
    return true
  } catch {
    return false
  }
}

/** Throws unless the actor may see an organisation's teams and members. */
export function allowOrganisation(world: World, actor: Actor, organisationId: number): void {
  const organisation = accountOf(world, organisationId)
  switch (actor.kind) {
    case 'anonymous':
      throw unauthorised('Requires authentication')
    case 'app':
    case 'client':
      throw notByIntegration()
    case 'installation':
      if (actor.installation.accountId !== organisationId) throw notFound()
      granted(actor.permissions, need('members', 'read'))
      return
    case 'user': {
      if (!organisation.members.has(actor.user.id)) throw notFound()
      const app = appActing(actor)
      if (!app) return
      const installation = world.installations
        .values()
        .find((each) => each.appId === app.id && each.accountId === organisationId)
      if (!installation) throw notByIntegration()
      granted(installation.permissions, need('members', 'read'))
    }
  }
}

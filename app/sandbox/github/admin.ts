import { type AccountOrder, addAccount } from './change/account.ts'
import { announceInstallation, announceOrganisation } from './change/announce.ts'
import { type AppOrder, addApp, install, leave, pingApp } from './change/app.ts'
import { addRepository } from './change/repository.ts'
import type { Counts } from './counters.ts'
import type { Faults } from './faults.ts'
import { installationShape } from './shapes/app.ts'
import { teamShape } from './shapes/team.ts'
import { userShape } from './shapes/user.ts'
import type { Account, Role, Team } from './state/account.ts'
import type { App, Permissions } from './state/app.ts'
import { branchSha, type Protection, type Repository } from './state/repository.ts'
import { accountOf, findAccount, findRepository, findTeam, type World } from './state/world.ts'
import { createUserToken } from './tokens.ts'

/** What people do on GitHub's pages, for tests and the demo: no permission is asked. `repo` is `owner/name`. */
export type Admin = ReturnType<typeof newAdmin>

export function newAdmin(world: World) {
  const account = (login: string): Account => {
    const found = findAccount(world, login)
    if (!found) throw new Error(`no account ${login}`)
    return found
  }
  const repository = (name: string): Repository => {
    const [owner = '', repo = ''] = name.split('/')
    const found = findRepository(world, owner, repo)
    if (!found) throw new Error(`no repository ${name}`)
    return found
  }
  const app = (slug: string): App => {
    const found = world.apps.values().find((each) => each.slug === slug)
    if (!found) throw new Error(`no App ${slug}`)
    return found
  }
  const installation = (id: number) => {
    const found = world.installations.get(id)
    if (!found) throw new Error(`no installation ${id}`)
    return found
  }
  const team = (org: string, slug: string): Team => {
    const found = findTeam(world, account(org).id, slug)
    if (!found) throw new Error(`no team ${org}/${slug}`)
    return found
  }
  const announceMember = (of: Team, member: Account, action: 'added' | 'removed') =>
    announceOrganisation(world, of.organisationId, of.organisationId, 'membership', action, {
      scope: 'team',
      member: userShape(world, member),
      team: teamShape(world, of),
    })
  const announceTeam = (of: Team, action: 'created' | 'deleted') =>
    announceOrganisation(world, of.organisationId, of.organisationId, 'team', action, {
      team: teamShape(world, of),
    })

  return {
    /** A person, with a personal token that does not expire. */
    createUser(order: AccountOrder): { id: number; login: string; token: string } {
      const { id, login } = addAccount(world, order)
      return { id, login, token: createUserToken(world, id, null) }
    },
    createOrg(order: { login: string; id?: number; members?: string[]; admins?: string[] }): {
      id: number
      login: string
    } {
      const org = addAccount(world, { ...order, type: 'Organization' })
      for (const login of order.members ?? []) org.members.set(account(login).id, 'member')
      for (const login of order.admins ?? []) org.members.set(account(login).id, 'admin')
      return { id: org.id, login: org.login }
    },
    addMember(org: string, login: string, role: 'member' | 'admin' = 'member'): void {
      account(org).members.set(account(login).id, role)
    },
    removeMember(org: string, login: string): void {
      const gone = account(login)
      account(org).members.delete(gone.id)
      for (const each of world.teams.values())
        if (each.organisationId === account(org).id && each.members.delete(gone.id))
          announceMember(each, gone, 'removed')
    },
    /** `parent` is the slug of the team to nest it under. */
    createTeam(order: {
      org: string
      slug: string
      name?: string
      parent?: string
      members?: string[]
      id?: number
    }): {
      id: number
      slug: string
    } {
      const created: Team = {
        id: order.id ?? world.nextId(),
        organisationId: account(order.org).id,
        slug: order.slug,
        name: order.name ?? order.slug,
        parentId: order.parent === undefined ? null : team(order.org, order.parent).id,
        members: new Map(),
        repositories: new Map(),
      }
      world.teams.set(created.id, created)
      announceTeam(created, 'created')
      for (const login of order.members ?? []) this.addTeamMember(order.org, order.slug, login)
      return { id: created.id, slug: created.slug }
    },
    removeTeam(org: string, slug: string): void {
      const gone = team(org, slug)
      world.teams.delete(gone.id)
      announceTeam(gone, 'deleted')
    },
    /** Joins the organisation too, where needed. */
    addTeamMember(org: string, slug: string, login: string): void {
      const member = account(login)
      const of = team(org, slug)
      if (!account(org).members.has(member.id)) account(org).members.set(member.id, 'member')
      of.members.set(member.id, 'member')
      announceMember(of, member, 'added')
    },
    removeTeamMember(org: string, slug: string, login: string): void {
      const member = account(login)
      if (team(org, slug).members.delete(member.id)) announceMember(team(org, slug), member, 'removed')
    },
    setTeamPermission(repo: string, slug: string, role: Role): void {
      const of = repository(repo)
      const which = team(accountOf(world, of.ownerId).login, slug)
      if (role === 'none') which.repositories.delete(of.id)
      else which.repositories.set(of.id, role)
    },
    /** Takes the account away: its tokens die, its login is free, its work is shown as `ghost`'s. */
    removeUser(login: string): void {
      const gone = account(login)
      gone.removed = true
      for (const each of world.accounts.values()) each.members.delete(gone.id)
      for (const each of world.teams.values())
        if (each.members.delete(gone.id)) announceMember(each, gone, 'removed')
      for (const each of world.repositories.values()) each.collaborators.delete(gone.id)
    },
    renameUser(login: string, to: string): void {
      const renamed = account(login)
      if (findAccount(world, to)) throw new Error(`login ${to} is taken`)
      renamed.login = to
    },
    /** Private unless told. `files`: path → text of the first commit. */
    async createRepository(order: {
      owner: string
      name: string
      private?: boolean
      files?: Readonly<Record<string, string>>
      defaultBranch?: string
      id?: number
    }): Promise<{ id: number; cloneUrl: string; gitDir: string; head: string | null }> {
      const { owner, ...rest } = order
      const made = await addRepository(world, { ...rest, ownerId: account(owner).id })
      const head = branchSha(made, made.defaultBranch) ?? null
      return { id: made.id, cloneUrl: `${world.url}/${owner}/${made.name}.git`, gitDir: made.gitDir, head }
    },
    async forkRepository(repo: string, owner: string): Promise<{ id: number; cloneUrl: string }> {
      const from = repository(repo)
      const order = {
        ownerId: account(owner).id,
        name: from.name,
        private: from.private,
        defaultBranch: from.defaultBranch,
      }
      const made = await addRepository(world, order, from)
      return { id: made.id, cloneUrl: `${world.url}/${owner}/${made.name}.git` }
    },
    /** Gives the repository another name or owner; its id stays. */
    renameRepository(repo: string, to: string): void {
      const renamed = repository(repo)
      const [owner = '', name = ''] = to.split('/')
      if (findRepository(world, owner, name)) throw new Error(`${to} is taken`)
      renamed.ownerId = account(owner).id
      renamed.name = name
    },
    async removeRepository(repo: string): Promise<void> {
      const gone = repository(repo)
      for (const each of world.installations.values()) leave(world, each, gone)
      world.repositories.delete(gone.id)
      await gone.objects.close()
    },
    setPermission(repo: string, login: string, role: Role): void {
      const { collaborators } = repository(repo)
      if (role === 'none') collaborators.delete(account(login).id)
      else collaborators.set(account(login).id, role)
    },
    /** An App owned by `owner`, or by the first account there is. */
    createApp(order: Omit<Partial<AppOrder>, 'ownerId'> & { slug: string; owner?: string }): {
      id: number
      slug: string
      privateKey: string
      clientId: string
      clientSecret: string
      webhookSecret: string
      botId: number
    } {
      const made = addApp(world, {
        name: order.slug,
        webhookUrl: '',
        webhookSecret: '',
        permissions: {},
        events: [],
        ...order,
        ownerId: order.owner === undefined ? world.webFlow.id : account(order.owner).id,
      })
      const { id, slug, clientId, clientSecret, hook, botId } = made.app
      return {
        id,
        slug,
        privateKey: made.privateKey,
        clientId,
        clientSecret,
        webhookSecret: hook.secret,
        botId,
      }
    },
    setAppWebhook(slug: string, hook: { url?: string; secret?: string }): void {
      Object.assign(app(slug).hook, hook)
      pingApp(world, app(slug))
    },
    /** Changes what the App may do, on its installations too, as if every owner had accepted. */
    setAppPermissions(slug: string, permissions: Permissions, events?: readonly string[]): void {
      const changed = app(slug)
      changed.permissions = { ...permissions }
      if (events) changed.events = [...events]
      for (const each of world.installations.values())
        if (each.appId === changed.id) each.permissions = { ...permissions }
    },
    /** Gives the installation's id. */
    installApp(slug: string, repo: string): number {
      return install(world, app(slug), repository(repo)).id
    },
    removeFromInstallation(installationId: number, repo: string): void {
      leave(world, installation(installationId), repository(repo))
    },
    suspendInstallation(installationId: number, suspended = true): void {
      const changed = installation(installationId)
      const by = changed.accountId
      changed.suspendedAt = suspended ? world.clock.now() : null
      changed.suspendedById = suspended ? by : null
      announceInstallation(world, changed, by, 'installation', suspended ? 'suspend' : 'unsuspend', {
        installation: installationShape(world, changed),
      })
    },
    /** A person's token; through the App (`ghu_…`) if one is named, else a personal one (`ghp_…`). */
    createUserToken(login: string, through: { app?: string } = {}): string {
      return createUserToken(world, account(login).id, through.app === undefined ? null : app(through.app).id)
    },
    protectBranch(
      repo: string,
      branch: string,
      protection: {
        requiredChecks?: readonly { context: string; appId?: number | null }[]
        requiredReviews?: number
        strict?: boolean
        dismissStale?: boolean
        enforceAdmins?: boolean
        allowForcePushes?: boolean
      },
    ): void {
      const rules: Protection = {
        strict: false,
        requiredReviews: 0,
        dismissStale: false,
        enforceAdmins: false,
        allowForcePushes: false,
        ...protection,
        requiredChecks: (protection.requiredChecks ?? []).map(({ context, appId }) => ({
          context,
          appId: appId ?? null,
        })),
      }
      repository(repo).protections.set(branch, rules)
    },
    unprotectBranch(repo: string, branch: string): void {
      repository(repo).protections.delete(branch)
    },
    /** Switches that make answers and deliveries go wrong. */
    faults: world.faults as Pick<Faults, 'api' | 'deliveries' | 'clear'>,
    pendingDeliveries: (): number => world.outbox.pending(),
    /** Resolves once every delivery was answered or given up. */
    deliveriesSettled: (): Promise<void> => world.outbox.settled(),
    counters: (): Counts => world.counters.read(),
    resetCounters: (): void => world.counters.reset(),
  }
}

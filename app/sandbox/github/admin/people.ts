import { type AccountOrder, addAccount } from '../change/account.ts'
import { announceOrganisation } from '../change/announce.ts'
import { renameAccount } from '../change/rename.ts'
import { teamPayload } from '../shapes/team.ts'
import { userShape } from '../shapes/user.ts'
import type { Account, Team } from '../state/account.ts'
import { findAccount, type World } from '../state/world.ts'
import { createUserToken } from '../tokens.ts'
import type { Find } from './find.ts'

/** People, organisations and teams. */
export function peopleAdmin(world: World, find: Find) {
  const announceMember = (team: Team, member: Account, action: 'added' | 'removed') =>
    announceOrganisation(world, team.organisationId, team.organisationId, 'membership', action, {
      scope: 'team',
      member: userShape(world, member),
      team: teamPayload(world, team),
    })
  const announceTeam = (team: Team, action: 'created' | 'deleted') =>
    announceOrganisation(world, team.organisationId, team.organisationId, 'team', action, {
      team: teamPayload(world, team),
    })
  const addTeamMember = (org: string, slug: string, login: string): void => {
    const [member, team, members] = [find.account(login), find.team(org, slug), find.account(org).members]
    if (!members.has(member.id)) members.set(member.id, 'member')
    team.members.set(member.id, 'member')
    announceMember(team, member, 'added')
  }
  const leaveTeams = (gone: Account, fits: (team: Team) => boolean) => {
    for (const team of world.teams.values())
      if (fits(team) && team.members.delete(gone.id)) announceMember(team, gone, 'removed')
  }
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
      for (const login of order.members ?? []) org.members.set(find.account(login).id, 'member')
      for (const login of order.admins ?? []) org.members.set(find.account(login).id, 'admin')
      return { id: org.id, login: org.login }
    },
    addMember(org: string, login: string, role: 'member' | 'admin' = 'member'): void {
      find.account(org).members.set(find.account(login).id, role)
    },
    /** Leaves the organisation's teams too. */
    removeMember(org: string, login: string): void {
      const [from, gone] = [find.account(org), find.account(login)]
      from.members.delete(gone.id)
      leaveTeams(gone, (team) => team.organisationId === from.id)
    },
    /** `parent` is the slug of the team to nest it under. */
    createTeam(order: {
      org: string
      slug: string
      name?: string
      parent?: string
      members?: string[]
      id?: number
    }): { id: number; slug: string } {
      const team: Team = {
        id: order.id ?? world.nextId(),
        organisationId: find.account(order.org).id,
        slug: order.slug,
        name: order.name ?? order.slug,
        parentId: order.parent === undefined ? null : find.team(order.org, order.parent).id,
        members: new Map(),
        repositories: new Map(),
      }
      world.teams.set(team.id, team)
      announceTeam(team, 'created')
      for (const login of order.members ?? []) addTeamMember(order.org, order.slug, login)
      return { id: team.id, slug: team.slug }
    },
    removeTeam(org: string, slug: string): void {
      const gone = find.team(org, slug)
      announceTeam(gone, 'deleted')
      world.teams.delete(gone.id)
    },
    /** Joins the organisation too, where needed. */
    addTeamMember,
    removeTeamMember(org: string, slug: string, login: string): void {
      const wanted = find.team(org, slug)
      leaveTeams(find.account(login), (team) => team === wanted)
    },
    /** Takes the account away: its tokens die, its login is free, its work is shown as `ghost`'s. */
    removeUser(login: string): void {
      const gone = find.account(login)
      leaveTeams(gone, () => true)
      gone.removed = true
      for (const account of world.accounts.values()) account.members.delete(gone.id)
      for (const repository of world.repositories.values()) repository.collaborators.delete(gone.id)
    },
    renameUser(login: string, to: string): void {
      const renamed = find.account(login)
      if (findAccount(world, to)) throw new Error(`login ${to} is taken`)
      renameAccount(world, renamed, to)
    },
    /** A person's token; through the App (`ghu_…`) if one is named, else a personal one (`ghp_…`). */
    createUserToken(login: string, through: { app?: string } = {}): string {
      const app = through.app === undefined ? null : find.app(through.app).id
      return createUserToken(world, find.account(login).id, app)
    },
  }
}

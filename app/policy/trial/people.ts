import { hash } from 'node:crypto'
import type { GroupFact, PersonFact } from '../../decision/facts.ts'
import type { Directory } from '../../identity/directory.ts'
import type { PolicyUser } from '../../reconcile/ports/evaluator.ts'

/** As many as are asked about each request (reconcile/observe/ask.ts). */
const mostReviewers = 200
/** Nobody is asked for more members of a team than these. */
const teamSize = 20

/** Who is who in a directory, looked up once: it may list a whole company. */
export function peopleOf(directory: Directory) {
  const memberOf = new Map<string, Set<string>>()
  for (const group of directory.groups) {
    if ('team' in group) continue
    for (const login of group.members) memberOf.set(login, (memberOf.get(login) ?? new Set()).add(group.name))
  }
  const user = (person: Pick<PolicyUser, 'id' | 'login' | 'groups'>): PolicyUser => {
    const identity = directory.byId(person.id)
    const groups = identity === undefined ? undefined : memberOf.get(identity.login)
    return {
      id: person.id,
      login: person.login,
      email: identity?.emails[0] ?? '',
      trustTier: identity?.trustTier ?? 0,
      groups: directory.groups
        .filter((group) =>
          'team' in group ? person.groups.includes(group.name) : groups?.has(group.name) === true,
        )
        .map(({ name }) => name),
    }
  }
  const teams = directory.groups.flatMap((group) => ('team' in group ? [group.name] : []))
  const groups = directory.groups.map(
    (group): Extract<GroupFact, { members: unknown }> => ({
      name: group.name,
      members:
        'team' in group
          ? someOf(group.team)
          : group.members.flatMap((login) => directory.byLogin(login) ?? []).map(personOf),
    }),
  )
  return {
    user,
    groups,
    sizes: new Map(groups.map(({ name, members }) => [name, members.length])),
    reviewers: directory.identities
      .filter(({ blocked }) => !blocked)
      .slice(0, mostReviewers)
      .map(({ id, login }) => user({ id, login, groups: teams })),
  }
}

export const personOf = ({ id, login }: PersonFact): PersonFact => ({ id, login })

/** Stand-ins for a team's members, the same for the same team. */
const someOf = (team: string): readonly PersonFact[] => {
  const first = Number.parseInt(hash('sha256', team).slice(0, 10), 16) * teamSize
  return Array.from({ length: teamSize }, (_, index) => ({ id: -1 - first - index, login: team }))
}

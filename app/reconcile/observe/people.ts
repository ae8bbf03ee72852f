import type { GroupFact, PersonFact } from '../../decision/facts.ts'
import type { Directory } from '../../identity/directory.ts'
import type { Clock } from '../ports/clock.ts'
import type { PolicyUser } from '../ports/evaluator.ts'
import type { Sha } from '../ports/git.ts'
import type { Permission, PullRequest, RepositoryApi } from '../ports/github.ts'
import { goneWords } from './named.ts'
import { Trouble } from './trouble.ts'

const freshMs = 60_000
/** Commits that GitHub vouches for, it vouches for for good; so many are remembered, some 150 bytes each. */
const mostVerified = 10_000

/** What GitHub says of people: asked anew for every verdict, at most a minute old for a forecast (trust.md 2.9). */
export const createPeopleCache = (clock: Clock) => {
  const kept = new Map<string, { readonly at: number; readonly answer: Promise<unknown> }>()
  const ask = <T>(key: string, fresh: boolean, question: () => Promise<T>): Promise<T> => {
    const now = clock.now()
    const known = kept.get(key)
    if (!fresh && known !== undefined && now - known.at < freshMs) return known.answer as Promise<T>
    for (const [old, { at }] of kept) if (now - at >= freshMs) kept.delete(old)
    const answer = question()
    kept.set(key, { at: now, answer })
    answer.catch(() => kept.delete(key))
    return answer
  }
  const verified = new Set<string>()
  return {
    /** Whether GitHub vouches for a commit: asked until it does. */
    verified: async (repository: number, api: RepositoryApi, commit: Sha): Promise<boolean> => {
      const key = `${repository} ${commit}`
      if (verified.has(key)) return true
      if (!(await api.commit(commit)).verified) return false
      verified.add(key)
      for (const oldest of verified) {
        if (verified.size <= mostVerified) break
        verified.delete(oldest)
      }
      return true
    },
    permission: (
      repository: number,
      api: RepositoryApi,
      { id, login }: PersonFact,
      fresh: boolean,
    ): Promise<Permission | undefined> =>
      ask(`permission ${repository} ${id}`, fresh, async () => {
        const said = await api.permission(login)
        // A login may have got a new owner since whoever listed it was asked (trust.md 6.16).
        if (said !== undefined && said.account.id !== id)
          throw new Trouble(`GitHub names account ${said.account.id} for ${login}, and did name ${id}`)
        return said?.permission
      }),
    team: (repository: number, api: RepositoryApi, team: string, fresh: boolean) =>
      ask(`team ${repository} ${team}`, fresh, () => api.teamMembers(team)),
    account: (repository: number, api: RepositoryApi, login: string, fresh: boolean) =>
      ask(`account ${repository} ${login}`, fresh, () => api.account(login)),
    /** Who pushed to the head branch: asked anew of each head, and of each further approval. */
    pushers: (
      repository: number,
      api: RepositoryApi,
      { head: { ref, sha } }: PullRequest,
      approvals: readonly number[],
      fresh: boolean,
    ) =>
      ask(`pushers ${repository} ${ref} ${sha} ${approvals}`, fresh, () => api.pushers(`refs/heads/${ref}`)),
  }
}
export type PeopleCache = ReturnType<typeof createPeopleCache>

/**
 * Every group of the directory with its members by numeric id; teams are read from GitHub, nested ones included.
 * @param teamMembers `gone`: GitHub named the team for the last decision, and knows none now
 */
export const groupsOf = async (
  directory: Directory,
  teamMembers: (team: string) => Promise<readonly PersonFact[] | 'gone' | undefined>,
): Promise<readonly GroupFact[]> =>
  Promise.all(
    directory.groups.map(async (group): Promise<GroupFact> => {
      if ('team' in group) return teamOf(directory, group, await teamMembers(group.team))
      const members = group.members.flatMap((login) => {
        const identity = directory.byLogin(login)
        return identity === undefined ? [] : [{ id: identity.id, login: identity.login }]
      })
      return { name: group.name, members }
    }),
  )

const teamOf = (
  directory: Directory,
  { name, team }: { readonly name: string; readonly team: string },
  members: readonly PersonFact[] | 'gone' | undefined,
): GroupFact => {
  if (members === 'gone') return { name, team, unknown: goneWords(`team ${team}`), named: true }
  if (members === undefined)
    return { name, team, unknown: `GitHub knows no team ${team}, or does not show it to the App` }
  return {
    name,
    team,
    members: members
      .filter(({ id }) => directory.byId(id)?.blocked !== true)
      .map(({ id, login }) => ({ id, login })),
  }
}

/** A person as the policies see one: known by numeric id, else a stranger of tier 0 in no group. */
export const policyUser = (
  directory: Directory,
  groups: readonly GroupFact[],
  person: PersonFact,
): PolicyUser => {
  const identity = directory.byId(person.id)
  return {
    id: person.id,
    login: person.login,
    email: identity?.emails[0] ?? '',
    groups: groups.flatMap((group) =>
      'members' in group && group.members.some((member) => member.id === person.id) ? [group.name] : [],
    ),
    trustTier: identity?.trustTier ?? 0,
  }
}

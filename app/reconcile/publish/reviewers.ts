import type { Decision, Requirement } from '../../decision/decision.ts'
import type { PersonFact } from '../../decision/facts.ts'
import { type Ask, reviewMark, teamName } from './asked.ts'

/** Owners whose login nobody knows cannot be asked: GitHub's logins have no space. */
const policyOwners = ({ policies, verdict }: Decision): readonly Requirement[] =>
  policies === undefined || verdict !== 'action_required'
    ? []
    : policies.requirements.map((one) => ({
        ...one,
        eligible: one.eligible.filter(({ login }) => !login.includes(' ')),
      }))

/** GitHub takes at most 15 reviewers on a pull request, teams among them. */
const most = 15

/** `unasked`: for whom there is no room. */
export type Wanted = Ask & { readonly unasked: readonly string[] }

export const nobody: Wanted = { users: [], teams: [], unasked: [], again: [] }

/**
 * Whom to ask: for each requirement not yet met, its team as a team, else its people, the first 15 by numeric
 * id; the rest are named in the comment. Whoever has approved is not asked once more, unless another review of his
 * counts no longer: GitHub asks nobody again by itself.
 */
export const reviewersToAsk = (decision: Decision, author: number): Wanted => {
  const people = new Map<number, PersonFact>()
  const teams = new Set<string>()
  const again = new Set<string>()
  const requirements = [
    ...decision.requests.flatMap(({ verdict, requirements }) =>
      verdict === 'action_required' ? requirements : [],
    ),
    ...policyOwners(decision),
  ]
  const wanted = requirements.filter(({ metBy, count }) => metBy.length < count)
  const approved = new Set(requirements.flatMap(({ metBy }) => metBy.map(({ id }) => id)))
  for (const { team, eligible, again: spent = [] } of wanted) {
    const slug = team === undefined ? undefined : (team.split('/')[1] ?? team)
    if (slug !== undefined) teams.add(slug)
    else
      for (const person of eligible) {
        const isDone = approved.has(person.id) && !spent.some(({ id }) => id === person.id)
        if (person.id !== author && !isDone) people.set(person.id, person)
      }
    for (const { id, review } of spent) {
      const login = eligible.find((person) => person.id === id)?.login
      const name = slug === undefined ? login : teamName(slug)
      if (name !== undefined) again.add(reviewMark(name, review))
    }
  }
  const logins = [...people.values()].sort((a, b) => a.id - b.id).map(({ login }) => login)
  const slugs = [...teams]
  const room = Math.max(0, most - slugs.length)
  return {
    users: logins.slice(0, room),
    teams: slugs.slice(0, most),
    unasked: [...slugs.slice(most), ...logins.slice(room)],
    again: [...again],
  }
}

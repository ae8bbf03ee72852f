import type { Decision, Requirement } from '../../decision/decision.ts'
import type { PersonFact } from '../../decision/facts.ts'

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

export type Ask = {
  readonly users: readonly string[]
  readonly teams: readonly string[]
  readonly unasked: readonly string[]
}

/**
 * Whom to ask: for each requirement not yet met, its team as a team, else its people, the first 15 by numeric
 * id; the rest are named in the comment.
 */
export const reviewersToAsk = (decision: Decision, author: number): Ask => {
  const people = new Map<number, PersonFact>()
  const teams = new Set<string>()
  for (const request of decision.requests) {
    if (request.verdict !== 'action_required') continue
    for (const requirement of request.requirements) {
      if (requirement.metBy.length >= requirement.count) continue
      if (requirement.team !== undefined) teams.add(requirement.team.split('/')[1] ?? requirement.team)
      else for (const person of requirement.eligible) if (person.id !== author) people.set(person.id, person)
    }
  }
  for (const { metBy, count, eligible } of policyOwners(decision)) {
    if (metBy.length >= count) continue
    for (const person of eligible) if (person.id !== author) people.set(person.id, person)
  }
  const logins = [...people.values()].sort((a, b) => a.id - b.id).map(({ login }) => login)
  const slugs = [...teams]
  const room = Math.max(0, most - slugs.length)
  return {
    users: logins.slice(0, room),
    teams: slugs.slice(0, most),
    unasked: [...slugs.slice(most), ...logins.slice(room)],
  }
}

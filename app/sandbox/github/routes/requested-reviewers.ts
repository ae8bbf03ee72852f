import { need } from '../access.ts'
import { type Call, callerOf, created, get, ok, post, pullIn, type Route, remove } from '../call.ts'
import { announcePull } from '../change/pull.ts'
import { invalid } from '../errors.ts'
import { simplePull } from '../shapes/pull.ts'
import { teamPayload, teamShape } from '../shapes/team.ts'
import { userById, userShape } from '../shapes/user.ts'
import type { Account, Team } from '../state/account.ts'
import { findAccount, findTeam, fullName, isCollaborator } from '../state/world.ts'

/** GitHub asks at most this many people and teams on one pull request. */
const MOST = 15

function named(call: Call, ownerId: number): { people: Account[]; teams: Team[]; unknown: boolean } {
  const logins = call.body.texts('reviewers')
  const slugs = call.body.texts('team_reviewers')
  const people = logins.flatMap((login) => findAccount(call.world, login) ?? [])
  const teams = slugs.flatMap((slug) => findTeam(call.world, ownerId, slug) ?? [])
  return { people, teams, unknown: people.length < logins.length || teams.length < slugs.length }
}

async function ask(call: Call) {
  const { repository, pull } = pullIn(call, need('pull_requests', 'write'))
  const { world } = call
  const { people, teams, unknown } = named(call, repository.ownerId)
  if (people.some((person) => person.id === pull.issue.authorId))
    throw invalid('Review cannot be requested from pull request author.')
  const strangers =
    people.some((person) => !isCollaborator(world, repository, person.id)) ||
    teams.some((team) => !team.repositories.has(repository.id))
  if (unknown || strangers)
    throw invalid(
      'Reviews may only be requested from collaborators. One or more of the users or teams you specified is not a ' +
        `collaborator of the ${fullName(world, repository)} repository.`,
    )
  const asked = new Set([...pull.requestedReviewers, ...people.map((person) => person.id)])
  const askedTeams = new Set([...pull.requestedTeams, ...teams.map((team) => team.id)])
  if (asked.size + askedTeams.size > MOST)
    throw invalid(`A pull request cannot have more than ${MOST} requested reviewers.`)
  const actorId = callerOf(call).id
  for (const person of people) {
    if (pull.requestedReviewers.has(person.id)) continue
    pull.requestedReviewers.add(person.id)
    const extra = { requested_reviewer: userShape(world, person) }
    await announcePull(world, repository, pull, actorId, 'review_requested', extra)
  }
  for (const team of teams) {
    if (pull.requestedTeams.has(team.id)) continue
    pull.requestedTeams.add(team.id)
    const extra = { requested_team: teamPayload(world, team) }
    await announcePull(world, repository, pull, actorId, 'review_requested', extra)
  }
  return created(simplePull(world, repository, pull))
}

async function release(call: Call) {
  const { repository, pull } = pullIn(call, need('pull_requests', 'write'))
  const { world } = call
  const { people, teams } = named(call, repository.ownerId)
  const actorId = callerOf(call).id
  for (const person of people) {
    if (!pull.requestedReviewers.delete(person.id)) continue
    const extra = { requested_reviewer: userShape(world, person) }
    await announcePull(world, repository, pull, actorId, 'review_request_removed', extra)
  }
  for (const team of teams) {
    if (!pull.requestedTeams.delete(team.id)) continue
    const extra = { requested_team: teamPayload(world, team) }
    await announcePull(world, repository, pull, actorId, 'review_request_removed', extra)
  }
  return ok(simplePull(world, repository, pull))
}

export const requestedReviewerRoutes: readonly Route[] = [
  get('/repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers', (call) => {
    const { pull } = pullIn(call, need('pull_requests', 'read'))
    return ok({
      users: [...pull.requestedReviewers].map((id) => userById(call.world, id)),
      teams: [...pull.requestedTeams].flatMap((id) => {
        const team = call.world.teams.get(id)
        return team ? [teamShape(call.world, team)] : []
      }),
    })
  }),
  post('/repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers', ask),
  remove('/repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers', release),
]

import { GitHubError, type Reviewers } from '../reconcile/ports/github.ts'
import type { Log } from '../reconcile/ports/log.ts'
import type { RepositoryClient } from './repository-client.ts'

/**
 * GitHub refuses the whole list when it cannot ask one of them (no access to the repository, or the author):
 * then each is asked alone, and who cannot be asked is logged.
 * @returns who cannot be asked
 */
export async function askReviewers(
  repository: RepositoryClient,
  log: Log,
  number: number,
  ask: Reviewers,
): Promise<Reviewers> {
  const each: readonly Reviewers[] = [
    ...ask.users.map((user) => ({ users: [user], teams: [] })),
    ...ask.teams.map((team) => ({ users: [], teams: [team] })),
  ]
  if (each.length === 0 || (await taken(repository, number, ask))) return { users: [], teams: [] }
  const refused: Reviewers[] = []
  for (const one of each) {
    if (each.length > 1 && (await taken(repository, number, one))) continue
    refused.push(one)
    log.warn('GitHub does not let this reviewer be asked: no access to the repository?', {
      repository: repository.fullName,
      pull: number,
      reviewer: [...one.users, ...one.teams].join(),
    })
  }
  return { users: refused.flatMap(({ users }) => users), teams: refused.flatMap(({ teams }) => teams) }
}

async function taken({ client, at }: RepositoryClient, number: number, ask: Reviewers): Promise<boolean> {
  try {
    await client.rest.pulls.requestReviewers({
      ...at,
      pull_number: number,
      reviewers: [...ask.users],
      team_reviewers: [...ask.teams],
    })
    return true
  } catch (error) {
    if (error instanceof GitHubError && error.code === 'invalid') return false
    throw error
  }
}

/** "Get all requested reviewers for a pull request", docs.github.com: in one answer, for there are 15 at most. */
export async function requestedReviewers(
  { client, at }: RepositoryClient,
  number: number,
): Promise<Reviewers> {
  const { data } = await client.rest.pulls.listRequestedReviewers({ ...at, pull_number: number })
  return { users: data.users.map(({ login }) => login), teams: data.teams.map(({ slug }) => slug) }
}

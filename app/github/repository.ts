import { GitHubError, type RepositoryApi } from '../reconcile/ports/github.ts'
import type { Log } from '../reconcile/ports/log.ts'
import { createCheck, findCheck, updateCheck } from './checks.ts'
import type { Client } from './client.ts'
import { createComment, editComment, findComment, listCommentsSince } from './comments.ts'
import { readCommit } from './commits.ts'
import type { ConfiguredRepository } from './installation.ts'
import { mergePull } from './merge.ts'
import { orUndefined } from './or-undefined.ts'
import { listPushers, listTeamMembers, readAccount, readPermission } from './people.ts'
import { closePull, listOpenPulls, listPullsOf, readPull, readReopening } from './pulls.ts'
import { repositoryClient } from './repository-client.ts'
import { requiredCheck } from './required-check.ts'
import { askReviewers, requestedReviewers } from './reviewers.ts'
import { listReviews } from './reviews.ts'

export function createRepositoryApi(
  client: Client,
  appId: number,
  configured: ConfiguredRepository,
  log: Log,
): RepositoryApi {
  const repository = repositoryClient(client, appId, configured.fullName)
  return {
    async identity() {
      const said = await orUndefined(client.rest.repos.get(repository.at))
      if (said?.data.id !== configured.id) {
        const now = said ? `now ${said.data.id}` : 'gone or renamed'
        throw new GitHubError(
          'forbidden',
          `${configured.fullName} is configured with id ${configured.id} and is ${now}`,
        )
      }
      const { id, full_name: fullName } = said.data
      return { id, fullName }
    },
    pull: (number) => readPull(repository, number),
    openPulls: (how) => listOpenPulls(repository, how),
    pullsOf: (commit) => listPullsOf(repository, commit),
    reviews: (number) => listReviews(repository, number),
    reopenedAt: (number) => readReopening(repository, number),
    permission: (login) => readPermission(repository, login),
    account: (login) => readAccount(repository, login),
    teamMembers: (team) => listTeamMembers(repository, team),
    pushers: (ref) => listPushers(repository, ref),
    commit: (sha) => readCommit(repository, sha),
    createCheck: (check) => createCheck(repository, check),
    updateCheck: (id, check) => updateCheck(repository, id, check),
    findCheck: (sha, externalId) => findCheck(repository, sha, externalId),
    createComment: (number, body) => createComment(repository, number, body),
    editComment: (id, body) => editComment(repository, id, body),
    findComment: (number, mark) => findComment(repository, number, mark),
    commentsSince: (since) => listCommentsSince(repository, since),
    requestedReviewers: (number) => requestedReviewers(repository, number),
    askReviewers: (number, ask) => askReviewers(repository, log, number, ask),
    requiredCheck: (branch) => requiredCheck(repository, branch),
    merge: (number, head) => mergePull(repository, number, head),
    close: (number) => closePull(repository, number),
  }
}

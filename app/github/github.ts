import type { AnchorBranch } from '../reconcile/ports/anchor.ts'
import type { Clock } from '../reconcile/ports/clock.ts'
import { type GitHub, GitHubError } from '../reconcile/ports/github.ts'
import type { Log } from '../reconcile/ports/log.ts'
import { createAnchorBranch } from './anchor-branch.ts'
import { appJwt } from './app-jwt.ts'
import { type Budget, budgetOf } from './budget.ts'
import { createCaller } from './caller.ts'
import { createClient } from './client.ts'
import { redeliverMissed } from './deliveries.ts'
import { type ConfiguredRepository, createInstallation } from './installation.ts'
import { createRepositoryApi } from './repository.ts'
import { repositoryClient } from './repository-client.ts'

export type GitHubOptions = {
  /** `https://api.github.com`; for an Enterprise Server and the local GitHub `https://HOST/api/v3`. */
  readonly baseUrl: string
  readonly appId: number
  /** PEM. */
  readonly privateKey: string
  readonly clientId: string
  readonly clientSecret: string
  readonly repositories: readonly ConfiguredRepository[]
  /** Where the ledger is anchored; it may be an access repository, too. */
  readonly anchor?: ConfiguredRepository & { readonly branch: string }
  readonly budget: Budget
  readonly clock: Clock
  readonly log: Log
  /** For each call, its answer included. */
  readonly timeoutMs?: number
}

/** GitHub as our App sees it, and the installation tokens with which a configured repository is fetched. */
export function createGitHub(
  options: GitHubOptions,
): GitHub & { token(repository: number): Promise<string>; readonly anchor?: AnchorBranch } {
  const { appId, privateKey, repositories, anchor, clock, log } = options
  const baseUrl = options.baseUrl.replace(/\/+$/, '')
  const common = { baseUrl, clock, log, timeoutMs: options.timeoutMs ?? 15_000 }
  const app = createClient({
    ...common,
    authorize: async () => `bearer ${appJwt(appId, privateKey, clock.now())}`,
  })
  const connect = (repository: ConfiguredRepository) => {
    const installation = createInstallation(app, repository, clock)
    const client = createClient({
      ...common,
      authorize: async (renew) => `token ${await installation.token(renew)}`,
      budget: budgetOf(options.budget, installation, clock),
    })
    return { installation, client }
  }
  const known = new Map(
    repositories.map((repository) => {
      const { installation, client } = connect(repository)
      return [repository.id, { installation, api: createRepositoryApi(client, appId, repository, log) }]
    }),
  )
  const find = (id: number) => {
    const found = known.get(id)
    if (!found) throw new GitHubError('forbidden', `repository ${id} is not configured`)
    return found
  }
  const redelivery = { repositories: new Set(known.keys()), clock, log }

  return {
    answers: async () => void (await app.rest.apps.getAuthenticated()),
    repository: (id) => find(id).api,
    token: (id) => find(id).installation.token(),
    redeliverMissed: (since, isKnown) => redeliverMissed(app, redelivery, since, isKnown),
    ...(anchor === undefined
      ? {}
      : {
          anchor: createAnchorBranch(
            repositoryClient(connect(anchor).client, appId, anchor.fullName),
            anchor.branch,
          ),
        }),
    caller: createCaller({ ...common, clientId: options.clientId, clientSecret: options.clientSecret }),
  }
}

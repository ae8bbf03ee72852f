import type { FastifyInstance } from 'fastify'
import { mayRead, seesAll } from '../authorise.ts'
import type { Callers } from '../caller.ts'
import { isReady, type ServerDeps } from '../deps.ts'
import { Problem } from '../problem.ts'
import { offView } from './policies.ts'

/** The service about itself: version and how to sign in for anyone, the rest for those whom a repository knows. */
export function serviceRoutes(app: FastifyInstance, deps: ServerDeps, callers: Callers): void {
  const { facts } = deps

  app.get('/api/v1/version', async () => ({ version: facts.version, api: 'v1' }))

  /** What every sign-in page of the App shows: whoever has no token yet needs it to get one. */
  app.get('/api/v1/login', async () => ({
    client_id: facts.github.clientId,
    github_url: facts.github.webUrl,
  }))

  app.get('/api/v1/client-configuration', async (request) => {
    const caller = await callers.identify(request)
    return {
      github_api_url: facts.github.apiUrl,
      login: caller.login,
      repositories: facts.repositories
        .filter(({ id }) => mayRead(caller, id, facts))
        .map(({ id, name, branch, merge }) => ({ id, name, branch, merge })),
    }
  })

  app.get('/api/v1/server/status', async (request) => {
    const caller = await callers.identify(request)
    if (caller.readable.size === 0 && !seesAll(caller, facts))
      throw new Problem(
        'forbidden',
        'No repository here knows you.',
        'ask to be added to policies/data/identities.yaml',
      )
    const [components, repositories] = await Promise.all([deps.readiness(), deps.repositories()])
    return {
      version: facts.version,
      api: 'v1',
      instance: facts.instance,
      ready: isReady(components),
      components,
      repositories: repositories
        .filter(({ id }) => mayRead(caller, id, facts))
        .map(({ id, acceptedCommit, troubles, off }) => ({
          id,
          name: facts.repositories.find((one) => one.id === id)?.name ?? null,
          accepted_commit: acceptedCommit ?? null,
          troubles,
          policies_off: off.map((one) => ({ name: one.name, ...offView(one.off) })),
        })),
    }
  })
}

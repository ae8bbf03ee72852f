import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { type Caller, isAdministrator, mayRead } from '../authorise.ts'
import type { Callers } from '../caller.ts'
import type { ServerDeps } from '../deps.ts'
import { Problem } from '../problem.ts'
import { read } from '../read.ts'

const listQuery = z.strictObject({ repo: z.string().min(1).optional() })
const question = z.strictObject({
  type: z.enum(['eligibility', 'approval']),
  input: z.record(z.string(), z.unknown()),
  repo: z.string().min(1).optional(),
})

/** Accepted policies: their list, a question to them, and reading them anew. */
export function policyRoutes(app: FastifyInstance, deps: ServerDeps, callers: Callers): void {
  const readable = (caller: Caller, repo: string | undefined) => {
    const found = deps.facts.repositories.filter(
      ({ id, name }) =>
        mayRead(caller, id, deps.facts) && (repo === undefined || name.toLowerCase() === repo.toLowerCase()),
    )
    if (repo !== undefined && found.length === 0)
      throw new Problem(
        'not_found',
        `There is no repository ${repo} here that you may see.`,
        'name one that gitsudo server status lists',
      )
    return found
  }

  app.get('/api/v1/policies', async (request) => {
    const names = new Map(
      readable(await callers.identify(request), read(listQuery, request.query).repo).map(({ id, name }) => [
        id,
        name,
      ]),
    )
    return (await deps.policies())
      .filter(({ repository }) => names.has(repository))
      .map(({ name, type, enabled, repository, commit }) => ({
        name,
        type,
        enabled,
        repository: names.get(repository),
        commit,
      }))
  })

  app.post('/api/v1/policies/eval', async (request) => {
    const caller = await callers.identify(request)
    const { type, input, repo } = read(question, request.body)
    const [repository, another] = readable(caller, repo)
    if (repository === undefined)
      throw new Problem(
        'forbidden',
        'No repository here knows you.',
        'ask to be added to policies/data/identities.yaml',
      )
    if (another !== undefined)
      throw new Problem(
        'invalid',
        'There are several repositories, each with its policies.',
        'name one with repo',
      )
    return deps.evaluate({ repository: repository.id, type, input })
  })

  app.post('/api/v1/server/reload-policies', async (request) => {
    const caller = await callers.identify(request, 'fresh')
    if (!isAdministrator(caller, deps.facts))
      throw new Problem(
        'forbidden',
        `${caller.login} is no administrator.`,
        'administrators are listed in the configuration',
      )
    return { policies: await deps.reloadPolicies() }
  })
}

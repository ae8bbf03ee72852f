import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { canonicalFault } from '../../audit/canonical.ts'
import { longestOverrideSeconds } from '../../grant/bounds.ts'
import { formatDuration, parseDuration } from '../../request/duration.ts'
import { type Caller, isAdministrator, mayRead } from '../authorise.ts'
import type { Callers } from '../caller.ts'
import type { OverrideAnswer, PolicyEntry, ServerDeps } from '../deps.ts'
import { Problem } from '../problem.ts'
import { read } from '../read.ts'
import type { Readings } from '../readings.ts'

const listQuery = z.strictObject({ repo: z.string().min(1).optional() })
const change = z.strictObject({
  name: z.string().min(1),
  enabled: z.boolean(),
  for: z.string().min(1).optional(),
  repo: z.string().min(1).optional(),
})
const question = z.strictObject({
  type: z.enum(['eligibility', 'approval']),
  input: z.record(z.string(), z.unknown()).superRefine(canonical),
  repo: z.string().min(1).optional(),
})

/** What policies can be asked at all. */
function canonical(input: unknown, context: z.RefinementCtx): void {
  const message = canonicalFault(input)
  if (message !== undefined) context.addIssue({ code: 'custom', message })
}

/** Accepted policies: their list, a question to them, overrides, and reading them anew. */
export function policyRoutes(
  app: FastifyInstance,
  deps: ServerDeps,
  callers: Callers,
  readings: Readings,
): void {
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
  const administratorsOnly = (caller: Caller) => {
    if (!isAdministrator(caller, deps.facts))
      throw new Problem(
        'forbidden',
        `${caller.login} is no administrator.`,
        'administrators are listed in the configuration',
      )
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
      .map(({ name, type, enabled, off, repository, commit }) => ({
        name,
        type,
        enabled,
        ...offView(off),
        repository: names.get(repository),
        commit,
      }))
  })

  app.post('/api/v1/policies/override', async (request, reply) => {
    const caller = await callers.identify(request, 'fresh')
    administratorsOnly(caller)
    const { name: policy, enabled, for: given = '4h', repo } = read(change, request.body)
    const repository = oneOf(readable(caller, repo))
    const duration = parseDuration(given)
    if (!duration.ok) throw new Problem('invalid', `for: ${given} ${duration.message}.`, duration.remedy)
    if (duration.seconds > longestOverrideSeconds)
      throw new Problem(
        'invalid',
        `for: ${given} is longer than an override may last.`,
        `write at most ${formatDuration(longestOverrideSeconds)}`,
      )
    const answer = await deps.override({
      repository: repository.id,
      policy,
      by: { id: caller.id, login: caller.login },
      ...(enabled ? {} : { seconds: duration.seconds }),
    })
    if (answer.kind === 'no_such_policy')
      throw new Problem(
        'not_found',
        `${repository.name} has no policy ${policy}.`,
        'gitsudo policy list shows those that it has',
      )
    return reply.code(answer.kind === 'asked' ? 202 : 200).send(changeView(policy, repository.name, answer))
  })

  app.post('/api/v1/policies/eval', async (request) => {
    const caller = await callers.identify(request)
    return readings(caller, 'evaluations', async () => {
      const { type, input, repo } = read(question, request.body)
      return deps.evaluate({ repository: oneOf(readable(caller, repo)).id, type, input })
    })
  })

  app.post('/api/v1/server/reload-policies', async (request) => {
    const caller = await callers.identify(request, 'fresh')
    administratorsOnly(caller)
    return deps.reloadPolicies()
  })
}

type Repository = ServerDeps['facts']['repositories'][number]

/** The one that is meant: each repository has its own policies. */
function oneOf([repository, another]: readonly Repository[]): Repository {
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
  return repository
}

/** Why a policy is off, as every answer of the API says it. */
export function offView(off: PolicyEntry['off']): Readonly<Record<string, unknown>> {
  if (off === undefined) return {}
  return off.kind === 'by hand'
    ? { disabled_by_hand: true }
    : { override: { until: new Date(off.until).toISOString(), by: off.by } }
}

function changeView(
  policy: string,
  repository: string,
  answer: OverrideAnswer,
): Readonly<Record<string, unknown>> {
  const about = { name: policy, repository, status: answer.kind }
  if (answer.kind !== 'asked' && answer.kind !== 'started') return about
  const until = new Date(answer.until).toISOString()
  if (answer.kind === 'started') return { ...about, until, by: answer.by.map(({ login }) => login) }
  const others = answer.others.map(({ by, seconds }) => ({ by: by.login, for: formatDuration(seconds) }))
  return { ...about, until, others }
}

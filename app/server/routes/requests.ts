import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { mayRevoke } from '../../decision/may-revoke.ts'
import { grantStates, requestStates } from '../../grant/state.ts'
import type { RequestFilter, StatusRow } from '../../reconcile/ports/store.ts'
import { parseRequestId } from '../../request/id.ts'
import { type Caller, mayRead, requesterId } from '../authorise.ts'
import type { Callers } from '../caller.ts'
import type { ServerDeps } from '../deps.ts'
import { Problem } from '../problem.ts'
import { read } from '../read.ts'
import { requestView } from '../request-view.ts'

const states = [...new Set<string>([...requestStates, ...grantStates])]
const query = z.strictObject({
  user: z.string().min(1).optional(),
  state: z
    .string()
    .toLowerCase()
    .refine((state) => states.includes(state), `state is one of ${states.join(', ')}`)
    .optional(),
  provider: z.string().min(1).optional(),
  repo: z.string().min(1).optional(),
})
const byId = z.object({ id: z.string() })
const revokeBody = z.strictObject({ reason: z.string().trim().min(1).max(1_000).optional() }).nullish()

/** Requests and what can be done with a granted one. A request that the caller may not read is not there. */
export function requestRoutes(app: FastifyInstance, deps: ServerDeps, callers: Callers): void {
  const visible = (caller: Caller, row: StatusRow): boolean =>
    mayRead(caller, row.request.repository, deps.facts) || requesterId(row) === caller.id

  const find = async (caller: Caller, params: unknown): Promise<StatusRow> => {
    const text = read(byId, params).id
    const id = parseRequestId(text)
    if (id === undefined)
      throw new Problem(
        'invalid',
        `${JSON.stringify(text)} is no request id.`,
        'write req_ and 26 letters and digits, as gitsudo status shows them',
      )
    const row = (await deps.status({ id })).find((one) => one.request.id === id && visible(caller, one))
    if (row === undefined)
      throw new Problem(
        'not_found',
        `There is no request ${id} that you may see.`,
        'gitsudo status lists those that you may see',
      )
    return row
  }

  app.get('/api/v1/requests', async (request) => {
    const caller = await callers.identify(request)
    const wanted = read(query, request.query)
    const filter = await filterOf(wanted, deps)
    const rows = filter === undefined ? [] : await deps.status(filter)
    return rows.filter((row) => visible(caller, row)).map((row) => requestView(row, deps.facts))
  })

  app.get('/api/v1/requests/:id', async (request) => {
    const row = await find(await callers.identify(request), request.params)
    return { ...requestView(row, deps.facts), decision: row.request.decision ?? null }
  })

  app.post('/api/v1/requests/:id/revoke', async (request, reply) => {
    const caller = await callers.identify(request, 'fresh')
    const row = await find(caller, request.params)
    const { id, decision } = row.request
    if (!mayRevoke(caller.id, { id, decision, requester: requesterId(row) }, deps.facts.administrators))
      throw new Problem(
        'forbidden',
        `${caller.login} may not revoke ${id}.`,
        'ask its requester, one of its approvers or an administrator',
      )
    if (row.grant === undefined)
      throw new Problem(
        'conflict',
        `${id} is ${row.request.state}: there is no grant to revoke.`,
        'close its pull request instead',
      )
    const why = read(revokeBody, request.body)?.reason ?? 'revoked by command'
    await deps.revoke({
      grant: row.grant.id,
      by: { kind: 'user', id: String(caller.id), login: caller.login },
      why,
    })
    const after =
      (await deps.status({ id: row.request.id })).find((one) => one.request.id === row.request.id) ?? row
    return reply.code(202).send(requestView(after, deps.facts))
  })

  app.post('/api/v1/requests/:id/credentials', async (request) => {
    const caller = await callers.identify(request, 'fresh')
    const row = await find(caller, request.params)
    if (requesterId(row) !== caller.id)
      throw new Problem(
        'forbidden',
        `Credentials of ${row.request.id} go to its requester only.`,
        'request access for yourself',
      )
    if (row.grant === undefined)
      throw new Problem(
        'conflict',
        `${row.request.id} is ${row.request.state}, not active.`,
        'gitsudo status shows what it waits for',
      )
    const answer = await deps.credentials(row.grant.id, {
      id: caller.id,
      login: caller.login,
      type: caller.type,
    })
    if (!answer.ok)
      throw new Problem('conflict', answer.why, `gitsudo status ${row.request.id} shows where it stands`)
    return {
      environment: answer.environment,
      ...(answer.files === undefined ? {} : { files: answer.files }),
      expires_at: new Date(answer.expiresAt).toISOString(),
    }
  })
}

/** undefined: the filter names somebody or something that is not there, so nothing matches. */
async function filterOf(
  wanted: z.output<typeof query>,
  deps: ServerDeps,
): Promise<RequestFilter | undefined> {
  const repository =
    wanted.repo === undefined
      ? undefined
      : deps.facts.repositories.find(({ name }) => name.toLowerCase() === wanted.repo?.toLowerCase())
  if (wanted.repo !== undefined && repository === undefined) return undefined
  const person = wanted.user?.includes('@') ? await deps.personByEmail(wanted.user) : undefined
  if (wanted.user?.includes('@') && person === undefined) return undefined
  return {
    ...(repository === undefined ? {} : { repository: repository.id }),
    ...(person === undefined
      ? wanted.user === undefined
        ? {}
        : { requesterLogin: wanted.user }
      : { requesterId: person.id }),
    ...(wanted.state === undefined ? {} : { state: wanted.state }),
    ...(wanted.provider === undefined ? {} : { provider: wanted.provider }),
  }
}

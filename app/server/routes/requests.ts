import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { mayRevoke } from '../../decision/may-revoke.ts'
import { grantStates, requestStates } from '../../grant/state.ts'
import type { RequestFilter, StatusRow } from '../../reconcile/ports/store.ts'
import { parseRequestId } from '../../request/id.ts'
import { providers } from '../../request/request.ts'
import { type Caller, maySee, requesterId, seesAll } from '../authorise.ts'
import type { Callers } from '../caller.ts'
import type { ServerDeps } from '../deps.ts'
import { cannotTell, mustBeSomebody, repositoryNamed, requestsOf, whoIs } from '../named.ts'
import { Problem } from '../problem.ts'
import { read } from '../read.ts'
import type { Readings } from '../readings.ts'
import { requestView } from '../request-view.ts'

const states = [...new Set<string>([...requestStates, ...grantStates])]
const oneOf = (what: string, names: readonly string[]) =>
  z
    .string()
    .toLowerCase()
    .refine((name) => names.includes(name), `${what} is one of ${names.join(', ')}`)
const query = z.strictObject({
  user: z.string().min(1).optional(),
  state: oneOf('state', states).exactOptional(),
  provider: oneOf('provider', providers).exactOptional(),
  repo: z.string().min(1).optional(),
})
const byId = z.object({ id: z.string() })
/** PostgreSQL holds neither NUL nor half a character; access is taken away all the same. */
const kept = (text: string): string => text.replaceAll('\0', '\ufffd').toWellFormed()
const revokeBody = z
  .strictObject({ reason: z.string().trim().min(1).max(1_000).transform(kept).optional() })
  .nullish()

/** Requests and what can be done with a granted one. A request that the caller may not read is not there. */
export function requestRoutes(
  app: FastifyInstance,
  deps: ServerDeps,
  callers: Callers,
  readings: Readings,
): void {
  const visible = (caller: Caller, row: StatusRow): boolean => maySee(caller, row, deps.facts)
  /** Perhaps theirs to see, if one could tell. */
  const hidden = (caller: Caller, row: StatusRow): boolean =>
    !visible(caller, row) && caller.unread.has(row.request.repository)

  const find = async (caller: Caller, params: unknown): Promise<StatusRow> => {
    const text = read(byId, params).id
    const id = parseRequestId(text)
    if (id === undefined)
      throw new Problem(
        'invalid',
        `${JSON.stringify(text)} is no request id.`,
        'write req_ and 26 letters and digits, as gitsudo status shows them',
      )
    const row = await deps.request(id)
    if (row !== undefined && hidden(caller, row)) throw cannotTell('what you may see', caller, deps.facts)
    if (row === undefined || !visible(caller, row))
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
    return readings(caller, 'requests', () => list(caller, wanted))
  })

  async function list(caller: Caller, { user, repo, ...given }: z.infer<typeof query>) {
    const more: RequestFilter = {
      ...given,
      ...(repo === undefined ? {} : { repository: repositoryNamed(repo, deps.facts) }),
      ...(seesAll(caller, deps.facts)
        ? {}
        : { visibleTo: { user: caller.id, repositories: [...caller.readable, ...caller.unread] } }),
    }
    const person = user === undefined ? undefined : await whoIs(user, caller, deps)
    const rows = await (person === undefined ? deps.status(more) : requestsOf(person, more, deps))
    const seen = rows.filter((row) => visible(caller, row))
    if (seen.length === 0 && rows.some((row) => hidden(caller, row)))
      throw cannotTell('what you may see', caller, deps.facts)
    if (user !== undefined && person !== undefined && seen.length === 0)
      await mustBeSomebody(user, person, caller, deps)
    return seen.map((row) => requestView(row, deps.facts))
  }

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
    const after = (await deps.request(id)) ?? row
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
      ...(answer.principal === undefined ? {} : { principal: answer.principal }),
      expires_at: new Date(answer.expiresAt).toISOString(),
    }
  })
}

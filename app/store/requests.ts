import { type FragmentSqlToken, sql } from 'slonik'
import { z } from 'zod'
import type { Decision } from '../decision/decision.ts'
import { requestStates } from '../grant/state.ts'
import type { RequestRow, Store } from '../reconcile/ports/store.ts'
import type { RequestId } from '../request/request.ts'
import { at, connectionOf, type Database, json } from './database.ts'
import { mostVersion } from './readable.ts'

type Requests = Pick<
  Store,
  'request' | 'requestsOfPull' | 'requestsOfPath' | 'requestsOfPerson' | 'saveRequest' | 'waitingPulls'
>

export const requestId = z.custom<RequestId>((value) => typeof value === 'string' && value.startsWith('req_'))
export const decision = z.custom<Decision>((value) => typeof value === 'object')
const text = z.string().exactOptional()
const number = z.number().exactOptional()

/** A row of `requests`, in the shape of the port. */
export const requestRow = z
  .object({
    id: requestId,
    repository: z.number(),
    pull: z.number(),
    path: z.string(),
    state: z.enum(requestStates),
    headSha: z.string(),
    blob: z.string(),
    requesterLogin: text,
    requesterId: number,
    provider: text,
    role: text,
    scope: text,
    durationSeconds: number,
    reason: text,
    metadata: z.record(z.string(), z.string()).exactOptional(),
    startsAt: number,
    authorId: z.number(),
    authorLogin: z.string(),
    decision: decision.exactOptional(),
    openedAt: z.number(),
    reviewsFrom: number,
    lookAt: number,
    version: z.int().max(mostVersion),
  })
  .transform(
    ({ requesterLogin: login, requesterId: id, authorId, authorLogin, ...row }): RequestRow => ({
      ...row,
      author: { id: authorId, login: authorLogin },
      ...(login !== undefined && { requester: id === undefined ? { login } : { login, id } }),
    }),
  )

/** What cannot be read of a request is read so that nothing was decided and nothing is asked for. */
export const requestInstead = {
  ...{
    repository: 0,
    pull: 0,
    path: '',
    state: 'pending',
    headSha: '',
    blob: '',
    authorId: 0,
    authorLogin: '',
  },
  ...{ openedAt: 0, version: 1 },
}

export function requests(database: Database): Requests {
  const found = (wanted: FragmentSqlToken): Promise<readonly RequestRow[]> =>
    database.readable(sql.type(requestRow)`select * from requests where ${wanted}`, requestInstead)
  return {
    request: async (id) => (await found(sql.fragment`id = ${id}`))[0],

    requestsOfPull: (repository, pull) =>
      found(sql.fragment`repository = ${repository} and pull = ${pull} order by path`),

    requestsOfPath: (repository, path) =>
      found(sql.fragment`repository = ${repository} and path = ${path} order by opened_at, id`),

    requestsOfPerson: (requesterId, states) =>
      found(sql.fragment`
        requester_id = ${requesterId} and state = any(${sql.array([...states], 'text')})
        order by opened_at, id`),

    saveRequest: async (tx, row) => {
      const { rowCount } = await connectionOf(tx).query(row.version === 0 ? insert(row) : update(row))
      return rowCount === 1
    },

    waitingPulls: () =>
      database.readable(sql.type(z.object({ repository: z.number(), pull: z.number() }))`
        select repository, pull from requests where state in ('pending', 'approved', 'denied')
        union select repository, pull from pulls where open or look_at is not null
        order by repository, pull`),
  }
}

/** Everything but the key and the version, in one order for both statements. */
const columns = sql.fragment`
  repository, pull, path, state, head_sha, blob, requester_login, requester_id, provider, role, scope,
  duration_seconds, reason, metadata, starts_at, author_id, author_login, decision, opened_at, reviews_from, look_at`
const values = (row: RequestRow) => sql.fragment`
  ${row.repository}, ${row.pull}, ${row.path}, ${row.state}, ${row.headSha}, ${row.blob},
  ${row.requester?.login ?? null}, ${row.requester?.id ?? null}, ${row.provider ?? null}, ${row.role ?? null},
  ${row.scope ?? null}, ${row.durationSeconds ?? null}, ${row.reason ?? null}, ${json(row.metadata)},
  ${at(row.startsAt)}, ${row.author.id}, ${row.author.login}, ${json(row.decision)}, ${at(row.openedAt)},
  ${at(row.reviewsFrom)}, ${at(row.lookAt)}`

const insert = (row: RequestRow) => sql.unsafe`
  insert into requests (id, version, ${columns}) values (${row.id}, 1, ${values(row)}) on conflict (id) do nothing`
const update = (row: RequestRow) => sql.unsafe`
  update requests set (version, ${columns}) = (${row.version + 1}, ${values(row)})
  where id = ${row.id} and (version = ${row.version} or version not between 1 and ${mostVersion})`

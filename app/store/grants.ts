import { sql } from 'slonik'
import { z } from 'zod'
import { grantStates } from '../grant/state.ts'
import type { GrantRow, Store } from '../reconcile/ports/store.ts'
import { at, connectionOf, type Database, json } from './database.ts'
import { requestId } from './requests.ts'

type Grants = Pick<Store, 'grant' | 'saveGrant' | 'grantsOfPerson' | 'grantTimers'>

const number = z.number().exactOptional()

/** A row of `grants`, in the shape of the port. */
export const grantRow = z
  .object({
    id: requestId,
    repository: z.number(),
    pull: z.number(),
    requesterId: z.number(),
    requesterLogin: z.string(),
    provider: z.string(),
    role: z.string(),
    scope: z.string(),
    reason: z.string(),
    metadata: z.record(z.string(), z.string()),
    state: z.enum(grantStates),
    bindingKey: z.string(),
    startsAt: z.number(),
    endsAt: z.number(),
    mergedAt: number,
    cause: z.enum(['expired', 'revoked', 'revoked externally']).exactOptional(),
    note: z.string().exactOptional(),
    tries: z.number(),
    absentSince: number,
    activeAt: number,
    endedAt: number,
    lookAt: number,
    version: z.number(),
  })
  .transform(
    ({ requesterId: id, requesterLogin: login, ...row }): GrantRow => ({ ...row, requester: { id, login } }),
  )

const grantTimer = z.object({ id: z.string(), state: z.enum(grantStates), lookAt: number })

export function grants(database: Database): Grants {
  return {
    grant: async (id) =>
      (await database.run.maybeOne(sql.type(grantRow)`select * from grants where id = ${id}`)) ?? undefined,

    saveGrant: async (tx, row) => {
      const { rowCount } = await connectionOf(tx).query(row.version === 0 ? insert(row) : update(row))
      return rowCount === 1
    },

    grantsOfPerson: (requesterId, states) =>
      database.run.any(sql.type(grantRow)`
        select * from grants
        where requester_id = ${requesterId} and state = any(${sql.array([...states], 'text')})
        order by starts_at, id`),

    grantTimers: (ids) =>
      database.run.any(sql.type(grantTimer)`
        select id, state, look_at from grants where id = any(${sql.array([...ids], 'text')})`),
  }
}

/** Everything but the key and the version, in one order for both statements. */
const columns = sql.fragment`
  repository, pull, requester_id, requester_login, provider, role, scope, reason, metadata, state, binding_key,
  starts_at, ends_at, merged_at, cause, note, tries, absent_since, active_at, ended_at, look_at`
const values = (row: GrantRow) => sql.fragment`
  ${row.repository}, ${row.pull}, ${row.requester.id}, ${row.requester.login}, ${row.provider}, ${row.role},
  ${row.scope}, ${row.reason}, ${json(row.metadata)}, ${row.state}, ${row.bindingKey}, ${at(row.startsAt)},
  ${at(row.endsAt)}, ${at(row.mergedAt)}, ${row.cause ?? null}, ${row.note ?? null}, ${row.tries}, ${at(row.absentSince)},
  ${at(row.activeAt)}, ${at(row.endedAt)}, ${at(row.lookAt)}`

const insert = (row: GrantRow) => sql.unsafe`
  insert into grants (id, version, ${columns}) values (${row.id}, 1, ${values(row)}) on conflict (id) do nothing`
const update = (row: GrantRow) => sql.unsafe`
  update grants set (version, ${columns}) = (${row.version + 1}, ${values(row)})
  where id = ${row.id} and version = ${row.version}`

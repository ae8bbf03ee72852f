import { sql } from 'slonik'
import { z } from 'zod'
import { grantStates } from '../grant/state.ts'
import type { GrantRow, Store } from '../reconcile/ports/store.ts'
import { connectionOf, type Database } from './database.ts'
import { mostVersion } from './readable.ts'
import { requestId } from './requests.ts'

type Grants = Pick<Store, 'grant' | 'saveGrant' | 'saveGrants' | 'grantTimers'>

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
    version: z.int().max(mostVersion),
  })
  .transform(
    ({ requesterId: id, requesterLogin: login, ...row }): GrantRow => ({ ...row, requester: { id, login } }),
  )

/** What cannot be read of a grant is read so that its access is taken away: its ledger has the true words. */
export const grantInstead = {
  ...{
    repository: 0,
    pull: 0,
    requesterId: 0,
    requesterLogin: '',
    provider: '',
    role: '',
    scope: '',
    reason: '',
  },
  ...{ metadata: {}, state: 'revoking', bindingKey: '', startsAt: 0, endsAt: 0, tries: 0, version: 1 },
}

const grantTimer = z.object({ id: z.string(), state: z.enum(grantStates), lookAt: number })

export function grants(database: Database): Grants {
  const saveGrants: Grants['saveGrants'] = async (tx, rows) => {
    const ids = new Set<string>()
    const save = async (some: readonly GrantRow[], query: typeof insert): Promise<void> => {
      if (some.length === 0) return
      for (const { id } of await connectionOf(tx).any(query(some))) ids.add(id)
    }
    const { made = [], known = [] } = Object.groupBy(rows, ({ version }) =>
      version === 0 ? 'made' : 'known',
    )
    await save(made, insert)
    await save(
      known.filter(({ id }) => !ids.has(id)),
      update,
    )
    return ids
  }
  return {
    grant: database.shared(async (ids) => {
      const rows = await database.readable(
        sql.type(grantRow)`select * from grants where id = any(${sql.array([...ids], 'text')})`,
        grantInstead,
      )
      return new Map(rows.map((row) => [row.id, row]))
    }),

    saveGrant: async (tx, row) => (await saveGrants(tx, [row])).size === 1,
    saveGrants,

    grantTimers: (ids) =>
      database.readable(
        sql.type(grantTimer)`
          select id, state, look_at from grants where id = any(${sql.array([...ids], 'text')})`,
        grantInstead,
      ),
  }
}

/** Everything but the key and the version. */
const names = (
  'repository pull requester_id requester_login provider role scope reason metadata state binding_key starts_at ' +
  'ends_at merged_at cause note tries absent_since active_at ended_at look_at'
).split(' ')
const columns = (of?: string) =>
  sql.join(
    names.map((name) => sql.identifier(of === undefined ? [name] : [of, name])),
    sql.fragment`, `,
  )

/** Rows as PostgreSQL's own JSON reader takes them: one parameter for any number. */
const given = (rows: readonly GrantRow[]) =>
  sql.fragment`json_populate_recordset(null::grants, ${JSON.stringify(rows.map(asColumns))}::json) as given`

const asColumns = ({ requester, ...row }: GrantRow) => ({
  ...row,
  requester_id: requester.id,
  requester_login: requester.login,
  binding_key: row.bindingKey,
  starts_at: instant(row.startsAt),
  ends_at: instant(row.endsAt),
  merged_at: instant(row.mergedAt),
  absent_since: instant(row.absentSince),
  active_at: instant(row.activeAt),
  ended_at: instant(row.endedAt),
  look_at: instant(row.lookAt),
})

const instant = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString())

const saved = z.object({ id: requestId })

/** In the order of their ids, so that two transactions do not wait for each other. */
const insert = (rows: readonly GrantRow[]) => sql.type(saved)`
  insert into grants (id, version, ${columns()}) select id, 1, ${columns()} from ${given(rows)} order by id
  on conflict (id) do nothing returning id`
const update = (rows: readonly GrantRow[]) => sql.type(saved)`
  with mine as (
    select grants.id, given.version from grants join ${given(rows)} using (id)
    where grants.version = given.version or grants.version not between 1 and ${mostVersion}
    order by grants.id for update of grants
  )
  update grants set (version, ${columns()}) = (given.version + 1, ${columns('given')})
  from ${given(rows)}, mine
  where grants.id = mine.id and given.id = mine.id and given.version = mine.version returning grants.id`

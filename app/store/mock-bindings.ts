import { sql } from 'slonik'
import { z } from 'zod'
import { at, type Database } from './database.ts'

const binding = z.object({
  handle: z.string(),
  grant: z.string(),
  principal: z.string(),
  role: z.string(),
  scope: z.string(),
  expiresAt: z.number().exactOptional(),
})
type Binding = z.infer<typeof binding>

const columns = sql.fragment`handle, grant_id as "grant", principal, role, scope, expires_at`

/** The mock provider's cloud as a table: one binding a handle, seen by every replica. */
export const mockBindings = (database: Pick<Database, 'run' | 'readable'>) => ({
  find: async (handle: string): Promise<Binding | undefined> =>
    (
      await database.readable(
        sql.type(binding)`select ${columns} from mock_bindings where handle = ${handle}`,
        {},
      )
    )[0],
  put: async ({ handle, grant, principal, role, scope, expiresAt }: Binding): Promise<void> => {
    await database.run.query(sql.unsafe`
      insert into mock_bindings (handle, grant_id, principal, role, scope, expires_at)
      values (${handle}, ${grant}, ${principal}, ${role}, ${scope}, ${at(expiresAt)})
      on conflict (handle) do nothing`)
  },
  replace: async ({ handle, grant, principal, role, scope, expiresAt }: Binding): Promise<void> => {
    await database.run.query(sql.unsafe`
      update mock_bindings
      set grant_id = ${grant}, principal = ${principal}, role = ${role}, scope = ${scope}, expires_at = ${at(expiresAt)}
      where handle = ${handle}`)
  },
  delete: async (handle: string): Promise<void> => {
    await database.run.query(sql.unsafe`delete from mock_bindings where handle = ${handle}`)
  },
  all: (): Promise<readonly Binding[]> =>
    database.readable(sql.type(binding)`select ${columns} from mock_bindings order by handle`, {}),
})

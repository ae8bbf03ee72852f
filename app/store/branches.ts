import { sql } from 'slonik'
import { z } from 'zod'
import type { Store } from '../reconcile/ports/store.ts'
import { connectionOf, type Database } from './database.ts'

type Branches = Pick<Store, 'branch' | 'saveBranch'>

const row = z.object({
  repository: z.number(),
  cursor: z.string().exactOptional(),
})

export function branches(database: Database): Branches {
  return {
    branch: async (repository) =>
      (await database.run.maybeOne(sql.type(row)`select * from branches where repository = ${repository}`)) ??
      undefined,
    saveBranch: async (tx, { repository, cursor }) => {
      await connectionOf(tx).query(sql.unsafe`
        insert into branches (repository, cursor) values (${repository}, ${cursor ?? null})
        on conflict (repository) do update set cursor = excluded.cursor`)
    },
  }
}

import { readdir } from 'node:fs/promises'
import { sql } from 'slonik'
import { z } from 'zod'
import type { Store } from '../reconcile/ports/store.ts'
import type { Database } from './database.ts'
import { migrationsDirectory } from './initialise.ts'

const row = z.object({ name: z.string() })

export function health(database: Database): Pick<Store, 'health'> {
  return {
    health: async () => {
      const wanted = (await readdir(migrationsDirectory)).sort().map((file) => file.replace(/\.sql$/, ''))
      const { known } = await database.run.one(
        sql.type(
          z.object({ known: z.boolean() }),
        )`select to_regclass('schema_migrations') is not null as known`,
      )
      const applied = known ? await database.run.any(sql.type(row)`select name from schema_migrations`) : []
      const names = new Set(applied.map(({ name }) => name))
      return wanted.filter((name) => !names.has(name))
    },
  }
}

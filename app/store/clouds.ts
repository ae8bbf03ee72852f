import { sql } from 'slonik'
import { z } from 'zod'
import type { Store } from '../reconcile/ports/store.ts'
import { at, type Database } from './database.ts'

type Clouds = Pick<Store, 'knowClouds' | 'claimCloud' | 'cloudLooked' | 'clouds'>

const row = z.object({ provider: z.string(), lookedAt: z.number().exactOptional() })

export function clouds({ run, readable }: Pick<Database, 'run' | 'readable'>): Clouds {
  return {
    knowClouds: async (providers, now) => {
      await run.query(sql.unsafe`
        insert into clouds (provider, look_at)
        select provider, ${at(now)} from unnest(${sql.array([...providers], 'text')}) as provider
        on conflict do nothing`)
    },
    claimCloud: async (provider, now, next) => {
      const { rowCount } = await run.query(sql.unsafe`
        update clouds set look_at = ${at(next)} where provider = ${provider} and (look_at <= ${at(now)} or look_at > ${at(next)})`)
      return rowCount > 0
    },
    cloudLooked: async (provider, now) => {
      await run.query(sql.unsafe`update clouds set looked_at = ${at(now)} where provider = ${provider}`)
    },
    clouds: () => readable(sql.type(row)`select provider, looked_at from clouds order by provider`, {}),
  }
}

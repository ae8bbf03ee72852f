import type { Db } from 'pg-boss'
import type { QueueName } from '../reconcile/ports/queue.ts'
import { schema } from './install.ts'

type Wanted = { readonly key: string; readonly priority?: number }

/** A job is deleted once it has waited too long: one that is about to be is left to `upsert`, which prolongs it. */
const keptFor = '1 day'

/**
 * Holds the waiting jobs of these keys until the transaction ends, all by one statement: whoever takes one afterwards sees
 * what was committed. Nothing is written; a job that is not due yet, or has another priority than is wanted now, is left.
 * @param wanted in the order of their keys, which is that of the locks
 * @returns the keys of those that are held
 */
export const holdWaiting = async (
  db: Pick<Db, 'executeSql'>,
  queue: QueueName,
  wanted: readonly Wanted[],
): Promise<ReadonlySet<string>> => {
  // The inner statement is asked key by key, in their order: one with a lock is never merged into another.
  const { rows } = await db.executeSql(
    `select held.key from unnest($2::text[], $3::int[]) as wanted (key, priority), lateral (
       select singleton_key as key from ${schema}.job_common
       where name = $1 and singleton_key = wanted.key and state < 'active' and not blocked
         and start_after <= clock_timestamp() and priority = coalesce(wanted.priority, priority)
         and keep_until > clock_timestamp() + interval '${keptFor}'
       for update
     ) as held`,
    [queue, wanted.map(({ key }) => key), wanted.map(({ priority }) => priority ?? null)],
  )
  return new Set(rows.map(({ key }: { readonly key: string }) => key))
}

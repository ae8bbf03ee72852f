import { PgBoss } from 'pg-boss'
import { type QueueName, queues } from '../reconcile/ports/queue.ts'

/** Runs SQL as the owner of the schema. */
type Execute = (text: string, values?: unknown[]) => Promise<{ rows: unknown[] }>

export const schema = 'pgboss'

/** `short`: one job of a key waits, however often it is woken. Retries are for crashes only (queue.ts, `lookAt`). */
const settings = {
  policy: 'short',
  heartbeatSeconds: 10,
  expireInSeconds: 300,
  retryLimit: 10,
  retryDelay: 1,
  retryBackoff: true,
  retryDelayMax: 60,
  deleteAfterSeconds: 600,
} as const

/** Whether a wake-up of this queue is told to workers; else they find it within the 2 s of the net. */
export const notifies = (queue: QueueName): boolean => queue !== 'publish'

/** Creates or migrates pg-boss's schema and our queues as the owner, and lets `gitsudo_app` use them. Safe to repeat. */
export async function installQueues(execute: Execute): Promise<void> {
  const boss = new PgBoss({ db: { executeSql: execute }, schema, supervise: false, schedule: false })
  // A fault of the connection also rejects the call under way; nothing else runs here.
  boss.on('error', () => undefined)
  await boss.start()
  try {
    for (const name of queues) {
      // PostgreSQL makes commits that notify wait for each other: only what people wait for does.
      const own = { ...settings, notify: notifies(name) }
      await boss.createQueue(name, own)
      const { policy: _fixed, ...changeable } = own
      await boss.updateQueue(name, changeable)
    }
  } finally {
    await boss.stop({ graceful: false, close: false })
  }
  // A wake-up looks for its key's waiting job, of which there may be thousands.
  await execute(
    `create index if not exists gitsudo_waiting on ${schema}.job_common (name, singleton_key) where state < 'active'`,
  )
  await execute(bounds)
  await execute(`
    grant usage on schema ${schema} to gitsudo_app;
    grant select, insert, update, delete on all tables in schema ${schema} to gitsudo_app;
    grant usage on all sequences in schema ${schema} to gitsudo_app;
    grant execute on all functions in schema ${schema} to gitsudo_app`)
}

/**
 * A string of JavaScript ends at 537 MB, and so would the process that reads more: no text or JSON here is longer than
 * 10 MB. Our wake-ups have some hundred bytes, and what a job leaves behind is an error's words. Not of the parent of
 * partitions, to which each of those would have to have the same.
 */
const bounds = `
  do $$
  declare written record;
  begin
    for written in
      select relname, attname, format('%s_%s_is_short', relname, attname) as name
      from pg_attribute join pg_class on pg_class.oid = attrelid
      where relnamespace = '${schema}'::regnamespace and relkind = 'r' and attnum > 0 and not attisdropped
        and atttypid in ('text'::regtype, 'jsonb'::regtype)
    loop
      if not exists (
        select from pg_constraint
        where conrelid = format('${schema}.%I', written.relname)::regclass and conname = written.name
      ) then
        -- Fetched with others in one update, it would have all of them fail. What is to be done is found anew.
        if written.relname like 'job%' then
          execute format(
            'delete from ${schema}.%I where octet_length(%I::text) > 10000000', written.relname, written.attname
          );
        end if;
        execute format(
          'alter table ${schema}.%I add constraint %I check (octet_length(%I::text) <= 10000000) not valid',
          written.relname, written.name, written.attname
        );
      end if;
    end loop;
  end
  $$`

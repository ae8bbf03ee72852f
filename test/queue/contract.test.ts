import { createQueue } from '../../app/queue/queue.ts'
import { type Queue, queues } from '../../app/reconcile/ports/queue.ts'
import { until } from '../../app/sandbox/until.ts'
import { executeWithin, openDatabase } from '../../app/store/database.ts'
import { statementName } from '../../app/store/prepared.ts'
import { withClient } from '../support/client.ts'
import { describeQueue } from '../support/contract/queue.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { quietLog } from '../support/quiet-log.ts'

describeQueue('pg-boss on PostgreSQL', async () => {
  const postgres = await createTestDatabase()
  const database = await openDatabase(postgres.appUrl)
  const open = () =>
    createQueue({
      databaseUrl: postgres.appUrl,
      execute: executeWithin,
      nameOf: statementName,
      log: quietLog,
    })
  const waker: Queue = await open()
  const left = () =>
    withClient(postgres.appUrl, async (client) => {
      const jobs = await client.query(
        `select 1 from pgboss.job where name = any($1) and state in ('created', 'retry', 'active')`,
        [queues],
      )
      return jobs.rowCount ?? 0
    })
  return {
    wake: (wakeUps, tx) => waker.wake(wakeUps, tx),
    transaction: (work) => database.transaction(work),
    work: async (look) => {
      const worker = await open()
      for (const queue of queues) await worker.work(queue, (key) => look({ queue, key }))
      await until('every wake-up to be looked at', async () => (await left()) === 0)
      await worker.stop()
    },
    close: async () => {
      await waker.stop()
      await database.close()
      await postgres.drop()
    },
  }
})

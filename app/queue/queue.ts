import { randomUUID } from 'node:crypto'
import { type ConnectionOptions, type JobResult, type JobWithMetadata, PgBoss } from 'pg-boss'
import type { Log } from '../reconcile/ports/log.ts'
import { type Queue, type QueueName, queues, type WakeUp } from '../reconcile/ports/queue.ts'
import type { Tx } from '../reconcile/ports/store.ts'
import { clients } from './clients.ts'
import { notifies, schema } from './install.ts'
import { createSpares } from './spares.ts'
import { holdWaiting } from './waiting.ts'

const none: ReadonlySet<string> = new Set()

type Work = { readonly key: string; readonly tries?: number }

export type QueueOptions = {
  /** The app role's. */
  readonly databaseUrl: string
  /** Runs SQL inside a transaction of the store's. */
  readonly execute: (tx: Tx, text: string, values: readonly unknown[]) => Promise<{ rows: unknown[] }>
  /** The name under which a connection prepares a statement, if it does. */
  readonly nameOf: (text: string) => string | undefined
  readonly log: Log
  /** So long a query waits for its answer. */
  readonly patienceMs?: number
  /** How many keys of one queue are worked at once in this process, in batches of 20. */
  readonly batches?: number
}

/** The database has not the queue's tables, or another release's; the message says what to do. */
export class QueueError extends Error {
  readonly code = 'not_initialised'
  constructor(cause: Error) {
    super('This database was not initialised for this release: run gitsudo server init.', { cause })
    this.name = 'QueueError'
  }
}

/** What pg-boss says of such a database. */
const uninitialised: ReadonlySet<string> = new Set([
  'pg-boss is not installed',
  'pg-boss database requires migrations',
])

/**
 * pg-boss behind the queue port (architecture.md, Queue). Throws when the database is not there, and `QueueError` when
 * its schema is not.
 */
export async function createQueue(options: QueueOptions): Promise<Queue> {
  const { log } = options
  const boss = new PgBoss({
    ...clients(options.nameOf, options.patienceMs),
    connectionString: options.databaseUrl,
    application_name: 'gitsudo queue',
    schema,
    migrate: false,
    createSchema: false,
    schedule: false,
    useListenNotify: true,
    // Bring a killed worker's job back: its heartbeat (10 s) is looked at this often.
    monitorIntervalSeconds: 2,
    superviseIntervalSeconds: 2,
    // Indexes are the owner's.
    reindex: false,
    max: 10,
  })
  boss.on('error', (cause) => log.error('The queue met an error.', { cause }))
  boss.on('warning', (warning) => log.warn('The queue warns.', { warning }))
  try {
    await boss.start()
  } catch (error) {
    // Connections that it opened would keep the process for seconds.
    await boss.stop({ graceful: false }).catch(() => undefined)
    throw error instanceof Error && uninitialised.has(error.message) ? new QueueError(error) : error
  }

  async function wakeOne(wakeUp: WakeUp, within: ConnectionOptions): Promise<void> {
    const { queue, key } = wakeUp
    for (;;) {
      const { updated, inserted } = await boss.upsert(queue, { key } satisfies Work, {
        ...rank(wakeUp),
        singletonKey: key,
        group: { id: key },
        // Due at once, also where the waiting job is one that backs off.
        startAfter: 0,
        ...within,
      })
      // Neither: another wake-up's insert won, and a worker took that job before we could lock it. It may
      // have read what was there before our transaction, so it does not count: look again.
      if (updated + inserted > 0) return
    }
  }

  /**
   * Most keys have no job that waits, and most that wait are due: whatever their number, one statement inserts those, and
   * one holds these.
   */
  async function wakeAll(
    queue: QueueName,
    wakeUps: readonly WakeUp[],
    within: ConnectionOptions,
  ): Promise<void> {
    for (let from = 0; from < wakeUps.length; from += mostAtOnce) {
      const some = new Map(wakeUps.slice(from, from + mostAtOnce).map((wakeUp) => [randomUUID(), wakeUp]))
      const jobs = [...some].map(([id, wakeUp]) => ({
        ...rank(wakeUp),
        id,
        data: { key: wakeUp.key } satisfies Work,
        singletonKey: wakeUp.key,
        group: { id: wakeUp.key },
      }))
      const inserted = new Set(await boss.insert(queue, jobs, { ...within, returnId: true }))
      const waiting = [...some].flatMap(([id, wakeUp]) => (inserted.has(id) ? [] : [wakeUp]))
      if (waiting.length === 0) continue
      // A job that is merely held notifies nobody, and whoever was told of it before may have found it held.
      const wanted = waiting.map((wakeUp) => ({ key: wakeUp.key, ...rank(wakeUp) }))
      const held = notifies(queue) ? none : await holdWaiting(within.db ?? boss.getDb(), queue, wanted)
      for (const wakeUp of waiting) if (!held.has(wakeUp.key)) await wakeOne(wakeUp, within)
    }
  }

  async function lookAt(
    queue: QueueName,
    job: JobWithMetadata<Work>,
    look: (key: string, signal: AbortSignal) => Promise<void>,
  ): Promise<JobResult> {
    const { key, tries = 0 } = job.data
    try {
      await look(key, job.signal)
    } catch (cause) {
      log.error('A reconciler failed and will look again.', { queue, key, tries, cause })
      // Not `failed`: pg-boss would keep the job as `retry` beside one that was woken meanwhile, and two
      // workers could then work one key at once. `send` steps back for such a wake-up.
      await boss.send(queue, { key, tries: tries + 1 } satisfies Work, {
        singletonKey: key,
        group: { id: key },
        priority: job.priority,
        startAfter: Math.min(60, 2 ** tries),
      })
    }
    return { id: job.id, status: 'completed' }
  }

  return {
    async wake(wakeUps, tx) {
      const within = tx
        ? {
            db: {
              executeSql: (text: string, values: unknown[] = []) => options.execute(tx, text, values),
            },
          }
        : {}
      // One order for everybody, so that two transactions do not wait for each other.
      const keys = inOrder(wakeUps)
      for (const queue of queues) await wakeAll(queue, keys.get(queue) ?? [], within)
    },

    async work(queue, look) {
      const spares = createSpares(waitsForClouds.includes(queue) ? mostSpares : 0, log)
      const start = (localConcurrency: number): Promise<string> =>
        boss.work<Work, unknown, typeof workerOptions & { localConcurrency: number }>(
          queue,
          { ...workerOptions, localConcurrency },
          (jobs) =>
            spares.during(
              () => Promise.all(jobs.map((job) => lookAt(queue, job, look))),
              () => start(1),
              (id) => boss.offWork(queue, { id, wait: true }),
            ),
        )
      await start(options.batches ?? 2)
    },

    async stop() {
      await boss.stop({ graceful: true, timeout: 30_000 })
    },
  }
}

const mostAtOnce = 1000

/** Looks that wait for clouds keep no other cloud's waiting. */
const waitsForClouds: readonly QueueName[] = ['grant', 'cloud']
/**
 * With the two that are always there, at 20 looks each, more looks than the four clouds may have calls under way (128
 * each): who came besides could only stand in line.
 */
const mostSpares = 30

/** Every moment from 2024 to 2055 has a priority of its own second, twice. */
const [firstSecond, seconds] = [1_704_067_200, 1_000_000_000]

/** pg-boss takes the highest first, and 0 where none is told. */
const rank = ({ urgent, owed }: WakeUp) => {
  if (urgent === undefined) return {}
  const since = Math.min(seconds, Math.max(1, Math.floor(urgent / 1000) - firstSecond))
  return { priority: (owed ? 1 : 2) * seconds + 1 - since }
}

const workerOptions = {
  groupConcurrency: 1,
  batchSize: 20,
  burstWhenBatchFull: true,
  perJobResults: true,
  includeMetadata: true,
  pollingIntervalSeconds: 0.5,
  // What is due is told of; jobs that back off are not.
  notifyPollingIntervalSeconds: 2,
} as const

function inOrder(wakeUps: readonly WakeUp[]): Map<QueueName, WakeUp[]> {
  const once = new Map<string, WakeUp>()
  for (const one of wakeUps) {
    const name = `${one.queue} ${one.key}`
    if ((one.urgent ?? Infinity) < (once.get(name)?.urgent ?? Infinity) || !once.has(name))
      once.set(name, one)
  }
  const sorted = [...once.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
  return Map.groupBy(sorted, ({ queue }) => queue)
}

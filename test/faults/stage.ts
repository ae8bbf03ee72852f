import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createQueue } from '../../app/queue/queue.ts'
import type { Queue } from '../../app/reconcile/ports/queue.ts'
import { quietLog } from '../support/quiet-log.ts'
import { openTestWorld, type TestWorld } from '../support/world.ts'
import type { Cloud, OpenCloud } from './clouds/cloud.ts'

export type Stage = {
  readonly world: TestWorld
  readonly clouds: readonly Cloud[]
  /** The service's own, to wake what is due at once where the sweeper would come by the stopwatch. */
  readonly queue: Pick<Queue, 'wake'>
  /** Until the function returned is called, nobody looks at a grant. */
  hold(): Promise<() => Promise<void>>
  close(): Promise<void>
}

/**
 * One world for clouds that one service can have at once. What is asked for there is harmless and short, so that nobody
 * has to approve it (low-risk.rego), and gitsudo merges.
 */
export const openStage = async (open: readonly OpenCloud[]): Promise<Stage> => {
  const dir = await mkdtemp(join(tmpdir(), 'gitsudo-faults-'))
  let world: TestWorld | undefined
  const clock = { now: () => world?.clock.now() ?? Date.now() }
  const query = async (text: string, values: readonly unknown[]) => (await world?.query(text, values)) ?? []
  const clouds = await Promise.all(open.map((one) => one({ clock, dir, query })))
  const policies = join(dir, 'policies')
  await cp(new URL('../../policies', import.meta.url), policies, { recursive: true })
  const held = join(dir, 'hold')
  const roles = clouds.flatMap(({ provider, roles }) =>
    roles.map((role) => ({ provider, ...role, maxDuration: '1h', owners: ['sre'] })),
  )
  // JSON is YAML.
  await writeFile(
    join(policies, 'data', 'roles.yaml'),
    JSON.stringify({ apiVersion: 'gitsudo.dev/v1', kind: 'Roles', roles }),
  )
  const identities = join(policies, 'data', 'identities.yaml')
  await writeFile(identities, (await readFile(identities, 'utf8')).replace(...asServiceAccount))
  const of = <T>(pick: (cloud: Cloud) => T) => clouds.map(pick)
  world = await openTestWorld({
    merge: 'auto',
    settings: { providers: Object.fromEntries(of(({ provider, settings }) => [provider, settings])) },
    template: dir,
    env: Object.assign({ GITSUDO_TEST_HOLD: held }, ...of(({ env }) => env ?? {})),
  })
  // A dead worker's job comes back after 3 s, not 10: this tests what happens then, not the wait.
  await world.query('update pgboss.queue set heartbeat_seconds = 3')
  const opened = world
  const queue = await createQueue({
    nameOf: () => undefined,
    databaseUrl: opened.databaseUrl,
    execute: () => Promise.reject(new Error('no transaction here')),
    log: quietLog,
  })
  return {
    world: opened,
    clouds,
    queue,
    async hold() {
      await writeFile(held, '')
      return () => rm(held, { force: true })
    },
    async close() {
      await queue.stop()
      await opened.close()
      await Promise.all(of((cloud) => cloud.close()))
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** Tokens are given to service accounts alone. */
const asServiceAccount = [
  'kubernetes: [alice@example.com]',
  'kubernetes: ["serviceaccount:people/alice"]',
] as const

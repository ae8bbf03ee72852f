import { mkdir } from 'node:fs/promises'
import { type Admin, newAdmin } from './admin.ts'
import { newCounters } from './counters.ts'
import { newFaults } from './faults.ts'
import { writeHooks } from './git-http.ts'
import { newOutbox } from './outbox.ts'
import { newRateLimits } from './rate-limit.ts'
import { buildServer } from './server.ts'
import type { Account } from './state/account.ts'
import { closeRepository } from './state/repository.ts'
import type { Clock, World } from './state/world.ts'

export type LocalGitHub = {
  /** Root of pages and Git, as `http://127.0.0.1:PORT`. */
  readonly url: string
  /** Root of the REST API, as an Enterprise Server has it. */
  readonly apiUrl: string
  readonly admin: Admin
  /** Stops answering, gives up deliveries on their way, ends every process. */
  close(): Promise<void>
}

export type LocalGitHubOptions = {
  /** Where bare repositories are kept; made when it is not there. */
  readonly dir: string
  /** Epoch ms; decides token expiry, rate-limit windows and every time that is shown. */
  readonly clock: Clock
  /** A free one unless told. */
  readonly port?: number
  readonly host?: string
  /** Whether primary and secondary limits are enforced; they are always reported. */
  readonly rateLimits?: boolean
}

/**
 * A GitHub of one's own: REST under `/api/v3`, Git over smart HTTP at `/<owner>/<repo>.git`, webhooks out.
 * Git data lives in bare repositories under `dir`, everything else in memory: closing it forgets.
 */
export async function startGitHub(options: LocalGitHubOptions): Promise<LocalGitHub> {
  const { clock } = options
  await mkdir(`${options.dir}/repositories`, { recursive: true })
  await writeHooks(options.dir)
  let lastId = 100_000
  const nextId = () => ++lastId
  const faults = newFaults()
  const counters = newCounters()
  const webFlow: Account = {
    id: 19_864_447,
    login: 'web-flow',
    type: 'User',
    name: 'GitHub Web Flow',
    email: 'noreply@github.com',
    createdAt: clock.now(),
    removed: false,
    members: new Map(),
  }
  const mergeQueueBot: Account = {
    ...webFlow,
    id: 118_344_674,
    login: 'github-merge-queue[bot]',
    type: 'Bot',
    name: null,
    email: null,
    members: new Map(),
  }
  const world: World = {
    dir: options.dir,
    clock,
    url: '',
    nextId,
    accounts: new Map([webFlow, mergeQueueBot].map((account) => [account.id, account])),
    webFlow,
    mergeQueueBot,
    teams: new Map(),
    repositories: new Map(),
    oldNames: new Map(),
    apps: new Map(),
    installations: new Map(),
    tokens: new Map(),
    manifests: new Map(),
    devices: new Map(),
    faults,
    counters,
    rateLimits: newRateLimits(clock, options.rateLimits ?? false),
    outbox: newOutbox({ clock, nextId, faults, counters }),
  }
  const server = buildServer(world)
  const host = options.host ?? '127.0.0.1'
  const address = await server.listen({ host, port: options.port ?? 0 })
  world.url = address
  return {
    url: address,
    apiUrl: `${address}/api/v3`,
    admin: newAdmin(world),
    close: async () => {
      await world.outbox.close()
      await server.close()
      await Promise.all(world.repositories.values().map(closeRepository))
    },
  }
}

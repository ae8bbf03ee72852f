import { readDirectory } from '../../../app/identity/directory.ts'
import { createFaults } from '../../../app/provider/mock/faults.ts'
import { memoryBindings } from '../../../app/provider/mock/memory-bindings.ts'
import { createMock } from '../../../app/provider/mock/mock.ts'
import { createBranchReconciler } from '../../../app/reconcile/branch.ts'
import { createGrantReconciler } from '../../../app/reconcile/grant.ts'
import { createPeopleCache } from '../../../app/reconcile/observe/people.ts'
import type { PolicySet } from '../../../app/reconcile/ports/evaluator.ts'
import type { GitHub } from '../../../app/reconcile/ports/github.ts'
import type { WakeUp } from '../../../app/reconcile/ports/queue.ts'
import type { RepositorySettings } from '../../../app/reconcile/ports/settings.ts'
import { createPublisher } from '../../../app/reconcile/publish.ts'
import { createPullReconciler } from '../../../app/reconcile/pull-request.ts'
import { accessStore } from './access-store.ts'
import { memoryClock } from './clock.ts'
import { memoryHub, memoryPayloads, repositoryId, type Sent } from './hub.ts'
import { memoryKeys } from './keys.ts'
import { memoryLedger } from './ledger.ts'
import { memoryLog } from './log.ts'
import { memoryQueue } from './queue.ts'
import { memoryTransactions } from './transaction.ts'

const yaml = (kind: string, body: string) =>
  new TextEncoder().encode(`apiVersion: gitsudo.dev/v1\nkind: ${kind}\n${body}`)
const person = (login: string, id: number) =>
  `  ${login}: { id: ${id}, trustTier: 3, emails: [${login}@example.com], principals: { mock: [${login}] } }\n`
const data = new Map([
  [
    'policies/data/identities.yaml',
    yaml('Identities', `identities:\n${person('alice', 1001)}${person('bob', 1002)}${person('carol', 1003)}`),
  ],
  ['policies/data/groups.yaml', yaml('Groups', 'groups:\n  sre: { members: [bob, carol] }\n')],
  [
    'policies/data/roles.yaml',
    yaml(
      'Roles',
      'roles:\n  - { provider: mock, role: reader, scopes: [one], maxDuration: 8h, owners: [sre] }\n',
    ),
  ],
])
const digests = { input: '1', wasm: '2', data: '3' }

/** Everybody is eligible; one of sre approves. */
const policySet = (commit: string): PolicySet => {
  const read = readDirectory(data)
  if (!read.ok) throw new Error(JSON.stringify(read.faults))
  return {
    commit,
    directory: read.directory,
    policies: [],
    dataDigest: '3',
    ask: async () => ({
      eligibility: [
        {
          policy: 'all',
          digests,
          outcome: {
            kind: 'value',
            allow: true,
            reason: 'all',
            deny: [],
            allowBreakGlass: false,
            allowOnBehalfOf: false,
          },
        },
      ],
      approval: [
        {
          policy: 'one',
          digests,
          outcome: {
            kind: 'value',
            applies: true,
            tier: 'human',
            deny: [],
            required: [{ group: 'sre', count: 1, reason: '' }],
          },
          reviewers: [],
        },
      ],
      hints: [],
      evidence: [],
    }),
  }
}

/** A request's file; `more` tells two apart. */
export const requestFile = (more = '', startsAt?: number): string =>
  `apiVersion: gitsudo.dev/v1\nkind: AccessRequest\nspec:\n  requester: alice\n  provider: mock\n  role: reader\n  scope: one\n  duration: 2h\n  reason: INC-1 ${more}\n${
    startsAt === undefined ? '' : `  startsAt: ${new Date(startsAt).toISOString().replace('.000', '')}\n`
  }`
export const filePath = (name: string): string => `requests/2027/01/${name}.yaml`

/** The service's reconcilers over ports in memory, with one repository on GitHub. */
export const accessWorld = (
  options: {
    readonly merge?: 'auto'
    /** Puts something before each port. */
    readonly around?: <T extends object>(port: T) => T
  } = {},
) => {
  const { around = (port) => port } = options
  const transactions = memoryTransactions()
  const clock = memoryClock()
  const hub = memoryHub(clock)
  const queue = memoryQueue(transactions)
  const store = accessStore(transactions, (wake) => queue.wake(wake))
  const ledger = memoryLedger(transactions)
  const mock = createMock({
    bindings: memoryBindings(),
    clock,
    instance: 'test',
    shared: false,
    propagationMs: 0,
    faults: createFaults().meet,
  })
  const settings: RepositorySettings = {
    id: repositoryId,
    fullName: 'acme/access',
    branch: 'main',
    firstAcceptedCommit: hub.git.tip('main'),
    providers: ['mock'],
    scopes: ['*'],
    merge: options.merge ?? 'manual',
    reviewerPermission: 'write',
  }
  const lost: Sent[] = []
  const github: GitHub = {
    repository: () => around(hub.api),
    redeliverMissed: async (since, known) => {
      let asked = 0
      for (const one of lost.splice(0)) {
        const missed = one.delivery.receivedAt >= since && !(await known(one.delivery.guid))
        if (missed) hub.sent.push(one)
        else lost.push(one)
        asked += missed ? 1 : 0
      }
      return asked
    },
    caller: async () => undefined,
  }
  const deps = {
    clock,
    log: memoryLog(),
    store: around(store),
    ledger: around({ ...ledger, read: () => [][Symbol.iterator]() as never }),
    queue: around({ ...queue, work: async () => undefined, stop: async () => undefined }),
    git: { mirror: () => around(hub.git.mirror) },
    github,
    keys: memoryKeys(),
    payloads: memoryPayloads,
    loadPolicies: async (commit: string) => policySet(commit),
    settings: {
      instance: 'test',
      repositories: new Map([[repositoryId, settings]]),
      administrators: [],
      pendingTtlMs: 7 * 86_400_000,
      grantWindowMs: 3_600_000,
    },
    policies: { get: async (_: number, commit: string) => policySet(commit), clear: () => undefined },
    people: createPeopleCache(clock),
    providers: new Map([['mock', mock]]),
  }
  const never = new AbortController().signal
  const look = async ({ queue: name, key }: WakeUp): Promise<void> => {
    try {
      if (name === 'grant') await createGrantReconciler(deps).look(key, never)
      else if (name === 'branch') await createBranchReconciler(deps).look(key)
      else if (name === 'publish') await createPublisher(deps).look(key)
      else await createPullReconciler(deps).look(key)
    } finally {
      ledger.seal()
    }
  }
  const world = {
    ...hub,
    hub,
    deps,
    clock,
    store,
    ledger,
    queue,
    lost,
    look,
    lookAtPull: (pull: number) => look({ queue: 'pull-request', key: `${repositoryId}:${pull}` }),
    lookAtBranch: () => look({ queue: 'branch', key: String(repositoryId) }),
    publish: (pull: number) => look({ queue: 'publish', key: `${repositoryId}:${pull}` }),
    /** Hands over what GitHub sent. */
    deliver: async (): Promise<void> => {
      for (const { delivery, wake } of hub.sent.splice(0)) await store.acceptDelivery(delivery, wake)
    },
    /** Delivers and works until nothing is left to do now; a look that fails is looked at again later. */
    settle: async (): Promise<void> => {
      for (let pass = 0; pass < 200; pass++) {
        await world.deliver()
        const taken = queue.take()
        if (taken.length === 0) return
        for (const wakeUp of taken) await look(wakeUp)
      }
      throw new Error('the world does not come to rest')
    },
    /** Lets time pass, waking whatever is due on the way. */
    pass: async (ms: number): Promise<void> => {
      const until = clock.now() + ms
      for (let step = 0; step < 500; step++) {
        const next = await store.nextLookAt(clock.now())
        clock.set(Math.min(until, next ?? until))
        await queue.wake(await store.due(clock.now(), 1000))
        await world.settle()
        if (clock.now() >= until) return
      }
      throw new Error('too much happens')
    },
    /** Opens a pull request with these files on a branch of its own. */
    request: (name: string, files = [name]): number => {
      hub.push(name, Object.fromEntries(files.map((one) => [filePath(one), requestFile(one)])), 'alice')
      return hub.open(name, 'alice')
    },
    /** Path → state of the grant if there is one, else of the request, in the pull request's order. */
    states: async (pull: number): Promise<Readonly<Record<string, string>>> => {
      const rows = await store.status({ repository: repositoryId, pull })
      return Object.fromEntries(
        rows.map(({ request, grant }) => [
          request.path.slice('requests/2027/01/'.length, -'.yaml'.length),
          grant?.state ?? request.state,
        ]),
      )
    },
    typesOf: (path: string) =>
      ledger.events().flatMap((event) => (event.data.path === filePath(path) ? [event.type] : [])),
    alerts: () => deps.log.lines.filter(({ level }) => level === 'alert').map(({ message }) => message),
  }
  return world
}
export type AccessWorld = ReturnType<typeof accessWorld>

import { type Directory, readDirectory } from '../../../app/identity/directory.ts'
import { createFaults } from '../../../app/provider/mock/faults.ts'
import { memoryBindings } from '../../../app/provider/mock/memory-bindings.ts'
import { createMock } from '../../../app/provider/mock/mock.ts'
import type { Provider } from '../../../app/provider/port.ts'
import { createBranchReconciler } from '../../../app/reconcile/branch.ts'
import { createGrantReconciler } from '../../../app/reconcile/grant.ts'
import { createCloudLimits } from '../../../app/reconcile/observe/limits.ts'
import { createPeopleCache } from '../../../app/reconcile/observe/people.ts'
import { createPolicyCache } from '../../../app/reconcile/observe/policies.ts'
import type { LoadPolicies, PolicyQuestion, PolicySet } from '../../../app/reconcile/ports/evaluator.ts'
import type { GitHub } from '../../../app/reconcile/ports/github.ts'
import type { PolicyTrial, PolicyTrialReport } from '../../../app/reconcile/ports/policy-trial.ts'
import type { WakeUp } from '../../../app/reconcile/ports/queue.ts'
import type { RepositorySettings } from '../../../app/reconcile/ports/settings.ts'
import { createPublisher } from '../../../app/reconcile/publish.ts'
import { createPullReconciler } from '../../../app/reconcile/pull-request.ts'
import { accessStore } from './access-store.ts'
import { memoryCheckpoints } from './checkpoints.ts'
import { memoryClock } from './clock.ts'
import type { Files } from './git.ts'
import { memoryHub, nameOf, repositoryId, type Sent } from './hub.ts'
import { memoryPayloads } from './hub-payloads.ts'
import { people } from './hub-people.ts'
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
      ['reader', 'writer'].reduce(
        (all, role) =>
          `${all}  - { provider: mock, role: ${role}, scopes: [one], maxDuration: 8h, owners: [sre] }\n`,
        'roles:\n',
      ),
    ),
  ],
])
/** What one policy of the world has against a request. */
export type Deny = (question: PolicyQuestion) => readonly string[] | Promise<readonly string[]>

const digests = { input: '1'.repeat(64), wasm: '2'.repeat(64), data: '3'.repeat(64) }

/** Who is who in these worlds. */
export const memoryDirectory = (): Directory => {
  const read = readDirectory(data)
  if (!read.ok) throw new Error(JSON.stringify(read.faults))
  return read.directory
}

/** Everybody is eligible unless `deny` says otherwise; one of sre approves. */
const policySet = (commit: string, deny: Deny): PolicySet => {
  return {
    commit,
    directory: memoryDirectory(),
    policies: [],
    dataDigest: digests.data,
    ask: async (question) => ({
      eligibility: [
        {
          policy: 'all',
          digests,
          outcome: {
            kind: 'value',
            allow: true,
            reason: 'all',
            deny: await deny(question),
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

/** What the trial of policies says that nothing is wrong with. */
export const fine: PolicyTrialReport = {
  compiles: { ok: true },
  tests: { passed: 1, failed: [] },
  changes: [],
  replayed: 0,
  locksOut: false,
  held: [],
}

/** A request's file; `more` tells two apart. */
export const requestFile = (more = '', startsAt?: number, role = 'reader'): string =>
  `apiVersion: gitsudo.dev/v1\nkind: AccessRequest\nspec:\n  requester: alice\n  provider: mock\n  role: ${role}\n  scope: one\n  duration: 2h\n  reason: INC-1 ${more}\n${
    startsAt === undefined ? '' : `  startsAt: ${new Date(startsAt).toISOString().replace('.000', '')}\n`
  }`
export const filePath = (name: string): string => `requests/2027/01/${name}.yaml`

/** The service's reconcilers over ports in memory, with its repositories on GitHub. */
export const accessWorld = (
  options: {
    readonly merge?: 'auto'
    /** Further repositories, by id. */
    readonly others?: readonly number[]
    readonly deny?: Deny
    /** Reads the policies of a commit from its files, instead of the one that everybody is eligible by. */
    readonly load?: LoadPolicies
    /** What trying proposed policies finds, instead of nothing wrong. */
    readonly trial?: PolicyTrial['trial']
    /** What the branch holds at first, beside a README. */
    readonly files?: Files
    /** Puts something before the mock. */
    readonly cloud?: (mock: Provider) => Provider
    /** How long a verdict waits for a cloud to tell its limits, in milliseconds. */
    readonly patience?: number
    /** Puts something before each port. */
    readonly around?: <T extends object>(port: T) => T
  } = {},
) => {
  const { around = (port) => port, others = [], deny = () => [], files = {} } = options
  const transactions = memoryTransactions()
  const clock = memoryClock()
  const hub = memoryHub(clock, repositoryId, files)
  const hubs = new Map([[repositoryId, hub], ...others.map((id) => [id, memoryHub(clock, id)] as const)])
  const hubOf = (id: number) => {
    const found = hubs.get(id)
    if (found === undefined) throw new Error(`no repository ${id}`)
    return found
  }
  const queue = memoryQueue(transactions)
  const store = accessStore(transactions, (wake) => queue.wake(wake))
  const ledger = memoryLedger(transactions)
  const bindings = memoryBindings()
  const mock = createMock({
    bindings,
    clock,
    instance: 'test',
    shared: false,
    propagationMs: 0,
    faults: createFaults().meet,
  })
  const providers = new Map<string, Provider>([['mock', options.cloud?.(mock) ?? mock]])
  const log = memoryLog()
  const settings = (id: number): RepositorySettings => ({
    id,
    fullName: nameOf(id),
    branch: 'main',
    firstAcceptedCommit: hubOf(id).git.tip('main'),
    providers: ['mock'],
    scopes: ['*'],
    policyOwners: { ids: [people.carol.id], count: 1 },
    merge: options.merge ?? 'manual',
    reviewerPermission: 'write',
  })
  const lost: Sent[] = []
  const github: GitHub = {
    answers: async () => undefined,
    repository: (id) => around(hubOf(id).api),
    redeliverMissed: async (since, known) => {
      let asked = 0
      // GitHub forgets none because whoever asked died in the middle.
      for (const one of [...lost]) {
        const missed = one.delivery.receivedAt >= since && !(await known(one.delivery.guid))
        const at = lost.indexOf(one)
        if (!missed || at < 0) continue
        hub.sent.push(...lost.splice(at, 1))
        asked += 1
      }
      return { asked, underWay: 0 }
    },
    caller: async () => undefined,
  }
  const git = { mirror: (id: number) => around(hubOf(id).git.mirror) }
  const loadPolicies: LoadPolicies = options.load ?? (async (commit) => policySet(commit, deny))
  const deps = {
    clock,
    log,
    store: around(store),
    ledger: around(ledger),
    checkpoints: memoryCheckpoints(ledger),
    queue: around({ ...queue, work: async () => undefined, stop: async () => undefined }),
    git,
    github,
    keys: memoryKeys(),
    payloads: memoryPayloads,
    loadPolicies,
    policyTrial: { trial: options.trial ?? (async () => fine) },
    settings: {
      instance: 'test',
      repositories: new Map([...hubs.keys()].map((id) => [id, settings(id)])),
      administrators: [],
      pendingTtlMs: 7 * 86_400_000,
      grantWindowMs: 3_600_000,
      configured: { mock: { place: 'here' } },
    },
    policies:
      options.load === undefined
        ? { get: async (_: number, commit: string) => policySet(commit, deny), clear: () => undefined }
        : createPolicyCache({ git, loadPolicies }),
    people: createPeopleCache(clock),
    limits: createCloudLimits({ clock, log, providers }, options.patience),
    // Each look is as if by a replica of its own.
    following: <T>(_: number, work: () => Promise<T>) => work(),
    providers,
  }
  const never = new AbortController().signal
  // What a replica remembers of grants ends with it.
  let grants = createGrantReconciler(deps)
  const look = async ({ queue: name, key }: WakeUp): Promise<void> => {
    try {
      if (name === 'grant') await grants.look(key, never)
      else if (name === 'branch') await createBranchReconciler(deps).look(key)
      else if (name === 'publish') await createPublisher(deps).look(key)
      else await createPullReconciler(deps).look(key)
    } catch (error) {
      grants = createGrantReconciler(deps)
      throw error
    } finally {
      ledger.seal()
    }
  }
  const world = {
    ...hub,
    hub,
    hubOf,
    deps,
    clock,
    store,
    ledger,
    queue,
    lost,
    /** What the mock's cloud holds. */
    bindings,
    look,
    lookAtPull: (pull: number) => look({ queue: 'pull-request', key: `${repositoryId}:${pull}` }),
    lookAtBranch: () => look({ queue: 'branch', key: String(repositoryId) }),
    publish: (pull: number) => look({ queue: 'publish', key: `${repositoryId}:${pull}` }),
    /** Hands over what GitHub sent. */
    deliver: async (): Promise<void> => {
      for (const { sent } of hubs.values())
        for (const { delivery, wake } of sent.splice(0)) await store.acceptDelivery(delivery, wake)
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

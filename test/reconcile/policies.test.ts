import { afterAll, beforeAll, expect, test } from 'vitest'
import { readDirectory } from '../../app/identity/directory.ts'
import { openGrant } from '../../app/reconcile/grant/open.ts'
import { loadAccepted } from '../../app/reconcile/policies.ts'
import type { PolicySet } from '../../app/reconcile/ports/evaluator.ts'
import { type Database, openDatabase } from '../../app/store/database.ts'
import { createLedger } from '../../app/store/ledger/ledger.ts'
import { createStore } from '../../app/store/store.ts'
import { withClient } from '../support/client.ts'
import { testKeys } from '../support/keys.ts'
import { memoryClock } from '../support/memory/clock.ts'
import { anIntent } from '../support/memory/intent.ts'
import { memoryLog } from '../support/memory/log.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

const clock = memoryClock()
const wakes: string[] = []
const queue = {
  wake: async (list: readonly { readonly key: string }[]) => void wakes.push(...list.map(({ key }) => key)),
}
let postgres: TestDatabase
let database: Database
let deps: ReturnType<typeof assemble>

const assemble = () => ({
  clock,
  queue: { ...queue, work: async () => undefined, stop: async () => undefined },
  log: memoryLog(),
  keys: testKeys,
  store: createStore({ database, queue, keys: testKeys }),
  ledger: createLedger({ database, keys: testKeys, clock, log: memoryLog(), origin: 'test' }),
})

beforeAll(async () => {
  postgres = await createTestDatabase()
  database = await openDatabase(postgres.appUrl)
  deps = assemble()
})
afterAll(async () => {
  await deps.ledger.stop()
  await database.close()
  await postgres.drop()
})

/** A commit whose identities hold these people, alice blocked or not. */
const acceptedSet = (commit: string, people: Readonly<Record<string, string>>): PolicySet => {
  const identities = Object.entries(people).map(([login, entry]) => `  ${login}: ${entry}`)
  const file = (text: string) => new TextEncoder().encode(text)
  const directory = readDirectory(
    new Map([
      [
        'policies/data/identities.yaml',
        file(['apiVersion: gitsudo.dev/v1', 'kind: Identities', 'identities:', ...identities, ''].join('\n')),
      ],
      ['policies/data/groups.yaml', file('apiVersion: gitsudo.dev/v1\nkind: Groups\ngroups: {}\n')],
      ['policies/data/roles.yaml', file('apiVersion: gitsudo.dev/v1\nkind: Roles\nroles: []\n')],
    ]),
  )
  if (!directory.ok) throw new Error(JSON.stringify(directory.faults))
  const policies = [{ name: 'roles', type: 'eligibility' as const, wasm: 'a'.repeat(64) }]
  const ask = () => Promise.reject(new Error('nobody asks'))
  return { commit, directory: directory.directory, policies, dataDigest: 'd'.repeat(64), ask }
}

const load = (set: PolicySet, at = clock.now()) => {
  const repository = {
    id: 123_456,
    fullName: 'acme/access',
    branch: 'main',
    firstAcceptedCommit: set.commit,
    providers: ['mock'],
    scopes: ['*'],
    policyOwners: { ids: [3], count: 1 },
    merge: 'manual' as const,
    reviewerPermission: 'write' as const,
  }
  return loadAccepted(
    { ...deps, clock: { now: () => at }, policies: { get: async () => set, clear: () => undefined } },
    repository,
  )
}

const grantTo = async (
  number: number,
  person: { readonly id: number; readonly login: string },
): Promise<string> => {
  const intent = anIntent(number, clock.now(), { requester: person })
  const { grant: id, repository, pull, path, blob, provider, role, scope, reason } = intent
  const row = {
    id,
    repository,
    pull,
    path,
    blob,
    provider,
    role,
    scope,
    reason,
    requester: person,
    author: person,
  }
  await deps.store.transaction(async (tx) => {
    await deps.store.saveRequest(tx, {
      ...row,
      state: 'granted',
      headSha: 'e'.repeat(40),
      openedAt: clock.now(),
      version: 0,
    })
    await openGrant(tx, deps, intent, { metadata: {}, now: clock.now() })
  })
  return id
}

test('whoever is gone from identities or blocked loses their grants at the next accepted commit (trust.md 3.10)', async () => {
  const everyone = {
    alice: '{ id: 1, trustTier: 2 }',
    bob: '{ id: 2, trustTier: 2 }',
    carol: '{ id: 3, trustTier: 2 }',
  }
  await load(acceptedSet('1'.repeat(40), everyone))
  const alice = await grantTo(1, { id: 1, login: 'alice' })
  const bob = await grantTo(2, { id: 2, login: 'bob' })
  const carol = await grantTo(3, { id: 3, login: 'carol' })
  await load(acceptedSet('1'.repeat(40), everyone))
  for (const id of [alice, bob, carol]) expect(await deps.store.revokeAsked(id)).toBeUndefined()

  wakes.length = 0
  await load(
    acceptedSet('2'.repeat(40), { alice: '{ id: 1, trustTier: 2, blocked: true }', bob: everyone.bob }),
  )
  const why = (text: string) => ({ why: expect.stringContaining(text) })
  expect(await deps.store.revokeAsked(alice)).toMatchObject(why('alice is not in identities, or is blocked'))
  expect(await deps.store.revokeAsked(carol)).toMatchObject(why('carol'))
  expect(await deps.store.revokeAsked(bob)).toBeUndefined()
  expect(wakes.sort()).toEqual([alice, carol].sort())
})

test('a row that names somebody else hides nobody (trust.md 5.2)', async () => {
  const everyone = { bob: '{ id: 2, trustTier: 2 }', dave: '{ id: 4, trustTier: 2 }' }
  await load(acceptedSet('5'.repeat(40), everyone))
  const grant = await grantTo(4, { id: 4, login: 'dave' })
  const hide = () =>
    withClient(postgres.appUrl, (client) =>
      client.query(
        "update grants set requester_id = 2, requester_login = 'bob', state = 'ended' where id = $1",
        [grant],
      ),
    )
  await hide()
  await load(acceptedSet('6'.repeat(40), { bob: everyone.bob }))
  expect(await deps.store.revokeAsked(grant)).toMatchObject({
    why: expect.stringContaining('dave is not in'),
  })
})

test('a commit is recorded once, however often it is loaded', async () => {
  const set = acceptedSet('3'.repeat(40), { bob: '{ id: 2, trustTier: 2 }' })
  await load(set)
  await deps.ledger.sealed([], clock.now())
  const loaded = async () => {
    const commits: (string | undefined)[] = []
    for await (const { event } of deps.ledger.read({ types: ['policy.loaded'] })) commits.push(event.commit)
    return commits
  }
  await expect.poll(loaded).toContain(set.commit)
  await load(set)
  await load(set)
  expect((await loaded()).filter((commit) => commit === set.commit)).toHaveLength(1)
})

test('two replicas that load a commit at once record it once, though its event still waits for the sealer', async () => {
  const set = acceptedSet('4'.repeat(40), { bob: '{ id: 2, trustTier: 2 }' })
  await Promise.all([1, 2, 3].map((ms) => load(set, clock.now() + ms)))
  await deps.ledger.stop()
  const commits: (string | undefined)[] = []
  for await (const { event } of deps.ledger.read({ types: ['policy.loaded'] })) commits.push(event.commit)
  expect(commits.filter((commit) => commit === set.commit)).toHaveLength(1)
})

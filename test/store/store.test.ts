import { sql } from 'slonik'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Decision } from '../../app/decision/decision.ts'
import type { WakeUp } from '../../app/reconcile/ports/queue.ts'
import type { Delivery, GrantRow, RequestRow, Store } from '../../app/reconcile/ports/store.ts'
import { type Database, openDatabase } from '../../app/store/database.ts'
import { createStore } from '../../app/store/store.ts'
import { withClient } from '../support/client.ts'
import { testKeys } from '../support/keys.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

const now = Date.UTC(2026, 11, 1, 8)

let postgres: TestDatabase
let database: Database
let store: Store
let woken: WakeUp[]

beforeAll(async () => {
  postgres = await createTestDatabase()
  database = await openDatabase(postgres.appUrl)
  const queue = { wake: async (wakeUps: readonly WakeUp[]) => void woken.push(...wakeUps) }
  store = createStore({ database, queue, keys: testKeys, limits: { perMinute: 3, perHour: 5 } })
})
beforeEach(async () => {
  woken = []
  await owner(`truncate deliveries, requests, pulls, grants, grant_attempts, revoke_asks, branches, projections,
    github_budget, policies`)
})
afterAll(async () => {
  await database.close()
  await postgres.drop()
})

const owner = (statement: string) => withClient(postgres.ownerUrl, (client) => client.query(statement))
const inTransaction = <T>(work: Parameters<Store['transaction']>[0]) => store.transaction(work) as Promise<T>

const decision: Decision = {
  at: now,
  moment: 'forecast',
  repository: 9_007_199_254_740_991,
  pull: 7,
  headSha: 'a'.repeat(40),
  verdict: 'denied',
  summary: 'a NUL \u0000 and a lone surrogate \ud800 in a quoted fault',
  tree: { rule: '2.7', title: 't', outcome: 'unmet', needed: 'n', had: 'h', children: [] },
  requests: [],
}
const bare: RequestRow = {
  id: 'req_7WWF4X1CK9J9FE6ZDNYBQNE8YV',
  repository: 9_007_199_254_740_991,
  pull: 7,
  path: 'requests/2026/12/alice-prod.yaml',
  state: 'pending',
  headSha: 'a'.repeat(40),
  blob: 'b'.repeat(40),
  author: { id: 1001, login: 'Alice' },
  openedAt: now,
  version: 0,
}
const full: RequestRow = {
  ...bare,
  requester: { login: 'Alice', id: 1001 },
  provider: 'mock',
  role: 'admin',
  scope: '123456789012',
  durationSeconds: 7200,
  reason: 'INC-1',
  metadata: { ticket: 'INC-1', __proto__x: 'y' },
  startsAt: now + 1,
  decision,
  reviewsFrom: now + 2,
  lookAt: now + 3,
}
const grant: GrantRow = {
  id: bare.id,
  repository: 1,
  pull: 7,
  requester: { id: 1001, login: 'Alice' },
  provider: 'mock',
  role: 'admin',
  scope: 's',
  reason: 'r',
  metadata: {},
  state: 'provisioning',
  bindingKey: 'mock/admin/s/alice',
  startsAt: now,
  endsAt: now + 7_200_001,
  tries: 0,
  version: 0,
}
const delivery = (guid: string, more: Partial<Delivery> = {}): Delivery => ({
  guid,
  event: 'pull_request_review',
  body: Buffer.from(`{"guid":"${guid}"}`),
  receivedAt: now,
  repository: 1,
  pull: 7,
  ...more,
})

describe('rows', () => {
  test.each([
    ['with everything', full],
    ['with the least', bare],
    ['named but unknown', { ...bare, requester: { login: 'ghost' } }],
  ])('a request comes back as it was saved: %s', async (_, row) => {
    expect(await inTransaction((tx) => store.saveRequest(tx, row))).toBe(true)
    expect(await store.request(row.id)).toStrictEqual({ ...row, version: 1 })
    expect(await store.requestsOfPull(row.repository, 7)).toHaveLength(1)
    expect(await store.requestsOfPath(row.repository, row.path)).toHaveLength(1)
  })

  test('a save under an old version changes nothing', async () => {
    await inTransaction((tx) => store.saveRequest(tx, bare))
    expect(await inTransaction((tx) => store.saveRequest(tx, bare))).toBe(false)
    expect(
      await inTransaction((tx) => store.saveRequest(tx, { ...bare, state: 'approved', version: 1 })),
    ).toBe(true)
    expect(await inTransaction((tx) => store.saveRequest(tx, { ...bare, state: 'denied', version: 1 }))).toBe(
      false,
    )
    expect(await store.request(bare.id)).toMatchObject({ state: 'approved', version: 2 })
  })

  test('of two saves of one version at once, one wins', async () => {
    await inTransaction((tx) => store.saveGrant(tx, grant))
    const saves = await Promise.all(
      Array.from({ length: 8 }, (_, tries) =>
        inTransaction((tx) => store.saveGrant(tx, { ...grant, tries, version: 1 })),
      ),
    )
    expect(saves.filter(Boolean)).toHaveLength(1)
    expect(await store.grant(grant.id)).toMatchObject({ version: 2 })
  })

  test('a grant comes back as it was saved, to the millisecond', async () => {
    const row: GrantRow = {
      ...grant,
      ...{
        cause: 'revoked externally',
        note: 'n',
        absentSince: now + 11,
        activeAt: now + 12,
        endedAt: now + 13,
      },
      lookAt: now + 14,
    }
    await inTransaction((tx) => store.saveGrant(tx, row))
    expect(await store.grant(grant.id)).toStrictEqual({ ...row, version: 1 })
    expect(await store.grantsOfPerson(1001, ['provisioning'])).toHaveLength(1)
    expect(await store.grantsOfPerson(1001, ['active'])).toEqual([])
    await inTransaction((tx) => store.saveGrant(tx, { ...row, state: 'ended', version: 1 }))
  })

  test('an answer closes one attempt; the one that a crash left open stays open', async () => {
    const attempt = { grant: grant.id, fence: 1, action: 'ensure' as const }
    await store.openAttempt({ ...attempt, openedAt: now })
    await store.openAttempt({ ...attempt, openedAt: now + 5 })
    await store.closeAttempt(grant.id, 1, now + 6)
    await store.closeAttempt(grant.id, 2, now + 7)
    expect(await store.attempts(grant.id)).toEqual([
      { ...attempt, openedAt: now, closedAt: now + 6 },
      { ...attempt, openedAt: now + 5 },
    ])
  })

  test('the first to ask for a revoke stays on record', async () => {
    const ask = {
      grant: grant.id,
      by: { kind: 'user' as const, id: '7', login: 'bob' },
      why: 'left',
      askedAt: now,
    }
    await inTransaction((tx) => store.askRevoke(tx, ask))
    await inTransaction((tx) => store.askRevoke(tx, { ...ask, by: { kind: 'system', id: 'branch' } }))
    expect(await store.revokeAsked(grant.id)).toEqual(ask)
    await owner("update revoke_asks set by_id = '66'")
    expect(await store.revokeAsked(grant.id)).toBe('forged')
    await inTransaction((tx) => store.askRevoke(tx, ask))
    expect(await store.revokeAsked(grant.id)).toEqual(ask)
    expect(await store.revokeAsked('req_other')).toBeUndefined()
  })

  test('branches, pulls and projections are overwritten', async () => {
    await inTransaction((tx) => store.saveBranch(tx, { repository: 1, cursor: 'c1' }))
    await inTransaction((tx) => store.saveBranch(tx, { repository: 1, cursor: 'c2' }))
    expect(await store.branch(1)).toEqual({ repository: 1, cursor: 'c2' })
    const pull = { repository: 1, pull: 7, headSha: 'a', open: true, draft: false, decision, lookAt: now }
    await inTransaction((tx) => store.savePull(tx, pull))
    const { lookAt: _, ...settled } = { ...pull, open: false }
    await inTransaction((tx) => store.savePull(tx, settled))
    expect(await store.pull(1, 7)).toStrictEqual(settled)
    const shown = {
      repository: 1,
      pull: 7,
      asked: ['carol', 'org/sre'],
      checkId: 4,
      mergeTries: 2,
      lookAt: now,
    }
    await store.saveProjection({ ...shown, mergeTries: 1 })
    await store.saveProjection(shown)
    expect(await store.projection(1, 7)).toStrictEqual(shown)
  })

  test('status takes the state of the grant once there is one, in any case', async () => {
    await inTransaction(async (tx) => {
      await store.saveRequest(tx, { ...full, state: 'granted' })
      await store.saveRequest(tx, { ...bare, id: 'req_00000000000000000000000000', openedAt: now + 1 })
      await store.saveGrant(tx, grant)
    })
    const ids = async (filter: Parameters<Store['status']>[0]) =>
      (await store.status(filter)).map(({ request, grant }) => [request.id, grant?.state])
    const granted = [full.id, 'provisioning']
    const waiting = ['req_00000000000000000000000000', undefined]
    expect(await ids({})).toEqual([waiting, granted])
    expect(await ids({ state: 'Provisioning' })).toEqual([granted])
    expect(await ids({ state: 'granted' })).toEqual([])
    expect(await ids({ state: 'PENDING' })).toEqual([waiting])
    expect(await ids({ requesterLogin: 'aLICE' })).toEqual([granted])
    expect(await ids({ requesterId: 1001, provider: 'mock', id: full.id })).toEqual([granted])
    expect(await store.waitingPulls()).toEqual([{ repository: bare.repository, pull: 7 }])
    expect(await store.requestsOfPerson(1001, ['granted'])).toHaveLength(1)
  })
})

describe('transactions', () => {
  test('what rolls back leaves nothing, and reads inside see what was written inside', async () => {
    await expect(
      store.transaction(async (tx) => {
        await store.saveRequest(tx, bare)
        expect(await store.request(bare.id)).toBeDefined()
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    expect(await store.request(bare.id)).toBeUndefined()
  })

  test('more transactions than connections, each reading inside, do not wait for each other', async () => {
    await Promise.all(
      Array.from({ length: 40 }, () =>
        store.transaction(async () => {
          await database.run.query(sql.unsafe`select pg_sleep(0.005)`)
          return store.request(bare.id)
        }),
      ),
    )
  })

  test('serialise lets one at a time through', async () => {
    let inside = 0
    let most = 0
    await Promise.all(
      Array.from({ length: 6 }, () =>
        store.transaction(async (tx) => {
          await store.serialise(tx, 'person 1001')
          inside += 1
          most = Math.max(most, inside)
          await database.run.query(sql.unsafe`select pg_sleep(0.005)`)
          inside -= 1
        }),
      ),
    )
    expect(most).toBe(1)
  })
})

describe('deliveries', () => {
  test('a GUID counts once, with its wake-ups', async () => {
    const wake: WakeUp[] = [{ queue: 'pull-request', key: '1:7' }]
    const [first, ...rest] = await Promise.all(
      Array.from({ length: 5 }, () => store.acceptDelivery(delivery('g1'), wake)),
    )
    expect([first, ...rest].sort()).toEqual(['known', 'known', 'known', 'known', 'new'])
    expect(woken).toEqual(wake)
    expect(await store.hasDelivery('g1')).toBe(true)
    expect(await store.hasDelivery('g2')).toBe(false)
  })

  test('they come back byte for byte, oldest first, of the events asked for', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
    await store.acceptDelivery(delivery('g2', { receivedAt: now + 1, body: bytes }), [])
    await store.acceptDelivery(delivery('g1'), [])
    await store.acceptDelivery(delivery('g3', { event: 'push', ref: 'refs/heads/x' }), [])
    const { valid, forged } = await store.deliveriesOfPull(1, 7, ['pull_request_review'])
    expect(forged).toEqual([])
    expect(valid.map(({ guid }) => guid)).toEqual(['g1', 'g2'])
    expect(Buffer.from(valid[1]?.body ?? [])).toEqual(Buffer.from(bytes))
    await store.acceptDelivery(delivery('g4', { event: 'merge_group', ref: 'refs/heads/x' }), [])
    expect((await store.pushesTo(1, 'refs/heads/x')).valid.map(({ guid }) => guid)).toEqual(['g3'])
    expect((await store.mergeGroupAt(1, 'refs/heads/x')).valid.map(({ guid }) => guid)).toEqual(['g4'])
    expect((await store.mergeGroupAt(2, 'refs/heads/x')).valid).toEqual([])
    expect(await store.lastDeliveryAt()).toBe(now + 1)
  })

  test.each([
    "body = '{}'",
    "guid = 'g9'",
    "received_at = received_at + interval '1 second'",
    "mac = 'AAAA'",
    "mac_key = 'mac-0'",
    "ref = 'refs/heads/main'",
  ])('a stored delivery altered in the database is left out and named: %s', async (change) => {
    await store.acceptDelivery(delivery('g1'), [])
    await owner(`update deliveries set ${change}`)
    const { valid, forged } = await store.deliveriesOfPull(1, 7, ['pull_request_review'])
    expect([valid, forged]).toEqual([[], [change.startsWith('guid') ? 'g9' : 'g1']])
  })
})

test('timers: what is due, the longest first, once, after the moment that was seen', async () => {
  await inTransaction(async (tx) => {
    await store.saveRequest(tx, { ...bare, repository: 1, lookAt: now - 2 })
    await store.savePull(tx, {
      repository: 1,
      pull: 7,
      headSha: 'a',
      open: true,
      draft: false,
      decision,
      lookAt: now - 1,
    })
    await store.saveGrant(tx, { ...grant, lookAt: now - 3 })
    await store.saveProjection({ repository: 1, pull: 8, asked: [], lookAt: now + 50 })
  })
  expect(await store.due(now, 10)).toEqual([
    { queue: 'grant', key: grant.id, lookAt: now - 3 },
    { queue: 'pull-request', key: '1:7', lookAt: now - 2 },
  ])
  expect(await store.due(now, 1)).toHaveLength(1)
  expect(await store.due(now, 10, now - 2)).toEqual([{ queue: 'pull-request', key: '1:7', lookAt: now - 1 }])
  expect(await store.nextLookAt()).toBe(now - 3)
  expect(await store.nextLookAt(now)).toBe(now + 50)
  expect(await store.nextLookAt(now + 50)).toBeUndefined()
})

describe('policies', () => {
  const listed = [
    { name: 'prod', type: 'ELIGIBILITY' },
    { name: 'two', type: 'APPROVAL' },
  ] as const
  const none = { byHand: [], overridden: [], expired: [], forged: [] }

  test('the table lists what the accepted commit holds, and keeps what somebody set', async () => {
    await inTransaction((tx) => store.recordPolicies(tx, 1, listed))
    await owner("update policies set enabled = false where type = 'ELIGIBILITY'")
    await inTransaction((tx) => store.recordPolicies(tx, 1, listed.slice(0, 1)))
    await inTransaction((tx) => store.recordPolicies(tx, 2, []))
    expect(await store.disabledPolicies(now, 1)).toEqual({ ...none, byHand: ['prod'] })
    expect(await store.disabledPolicies(now, 2)).toEqual(none)
    expect((await owner('select name from policies')).rows).toEqual([{ name: 'prod' }])
  })

  test('an override counts under our MAC and until its end', async () => {
    await inTransaction((tx) => store.recordPolicies(tx, 1, listed))
    const row = { repository: 1, policy: 'prod', until: now + 1000, by: [1, 2] }
    expect(await inTransaction((tx) => store.startOverride(tx, row))).toBe(true)
    expect(await inTransaction((tx) => store.startOverride(tx, { ...row, policy: 'none' }))).toBe(false)
    expect(await store.disabledPolicies(now, 1)).toEqual({ ...none, overridden: ['prod'] })
    expect(await store.disabledPolicies(now + 1000, 1)).toEqual({ ...none, expired: ['prod'] })
    await owner("update policies set override_until = override_until + interval '1 hour'")
    expect(await store.disabledPolicies(now, 1)).toEqual({ ...none, byHand: ['prod'], forged: ['prod'] })
    await inTransaction((tx) => store.endOverride(tx, 1, 'prod'))
    expect(await store.disabledPolicies(now, 1)).toEqual(none)
  })

  test('wishes to disable one count under our MAC', async () => {
    const ask = { repository: 1, policy: 'prod', by: { id: 1, login: 'erin' }, seconds: 60, askedAt: now }
    await inTransaction((tx) => store.putOverrideAsk(tx, { ...ask, seconds: 30 }))
    await inTransaction((tx) => store.putOverrideAsk(tx, ask))
    expect(await store.overrideAsks(1, 'prod')).toEqual({ valid: [ask], forged: 0 })
    await owner(
      'insert into override_asks select repository, name, 2, by_login, seconds, asked_at, mac_key, mac from override_asks',
    )
    expect(await store.overrideAsks(1, 'prod')).toEqual({ valid: [ask], forged: 1 })
    await inTransaction((tx) => store.dropOverrideAsks(tx, 1, 'prod'))
    expect(await store.overrideAsks(1, 'prod')).toEqual({ valid: [], forged: 0 })
  })
})

describe('the budget of GitHub writes', () => {
  test('never more than a minute and an hour allow, whatever minute and hour are looked at', async () => {
    const spent: number[] = []
    let time = now
    while (spent.length < 12) {
      const answer = await store.takeBudget(5, 1, time)
      if (answer.ok) spent.push(time)
      else {
        time = answer.retryAt
        expect(await store.takeBudget(5, 1, time - 1)).toEqual({ ok: false, retryAt: time })
      }
    }
    for (const from of spent) {
      expect(spent.filter((time) => time >= from && time < from + 60_000).length).toBeLessThanOrEqual(3)
      expect(spent.filter((time) => time >= from && time < from + 3_600_000).length).toBeLessThanOrEqual(5)
    }
  })

  test('replicas share it, and what GitHub holds back is held back', async () => {
    const takes = await Promise.all(Array.from({ length: 10 }, () => store.takeBudget(5, 1, now)))
    expect(takes.filter(({ ok }) => ok)).toHaveLength(3)
    await store.holdBudget(6, now + 5)
    await store.holdBudget(6, now + 4)
    expect(await store.takeBudget(6, 1, now)).toEqual({ ok: false, retryAt: now + 5 })
    expect(await store.takeBudget(6, 1, now + 5)).toEqual({ ok: true })
  })
})

test('health names migrations that are missing', async () => {
  expect(await store.health()).toEqual([])
  await owner("delete from schema_migrations where name = '0002_requests_and_grants'")
  expect(await store.health()).toEqual(['0002_requests_and_grants'])
})

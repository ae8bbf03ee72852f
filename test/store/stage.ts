import { afterAll, beforeAll, beforeEach } from 'vitest'
import type { Decision } from '../../app/decision/decision.ts'
import type { WakeUp } from '../../app/reconcile/ports/queue.ts'
import type { Delivery, GrantRow, RequestRow, Store } from '../../app/reconcile/ports/store.ts'
import { type Database, openDatabase } from '../../app/store/database.ts'
import { createStore } from '../../app/store/store.ts'
import { withClient } from '../support/client.ts'
import { testKeys } from '../support/keys.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

export const now = Date.UTC(2026, 11, 1, 8)

let postgres: TestDatabase
export let database: Database
export let store: Store
/** What the store asked the queue to wake during this test. */
export let woken: WakeUp[]

/** Gives the calling file a store on a database of its own, whose tables are empty at the start of each test. */
export const stageStore = (): void => {
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
}

export const owner = (statement: string) => withClient(postgres.ownerUrl, (client) => client.query(statement))
export const inTransaction = <T>(work: Parameters<Store['transaction']>[0]) =>
  store.transaction(work) as Promise<T>

export const decision: Decision = {
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
export const bare: RequestRow = {
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
export const full: RequestRow = {
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
export const grant: GrantRow = {
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
export const delivery = (guid: string, more: Partial<Delivery> = {}): Delivery => ({
  guid,
  event: 'pull_request_review',
  body: Buffer.from(`{"guid":"${guid}"}`),
  receivedAt: now,
  repository: 1,
  pull: 7,
  ...more,
})

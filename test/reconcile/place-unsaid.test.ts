// The attack: in a cloud without marks (IAM Identity Center) one event says that an assignment is gitsudo's: that
// nothing was in its place before. Whoever can write to PostgreSQL deletes or alters it, so that the assignment is
// nobody's, is said to be gone, and stays for ever (trust.md 5.2, 7.11).
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openGrant } from '../../app/reconcile/grant/open.ts'
import { createGrantReconciler } from '../../app/reconcile/grant.ts'
import { askRevoke } from '../../app/reconcile/revoke.ts'
import { until } from '../../app/sandbox/until.ts'
import { openDatabase } from '../../app/store/database.ts'
import { createLedger } from '../../app/store/ledger/ledger.ts'
import { createStore } from '../../app/store/store.ts'
import { hands } from '../attacks/support/hands.ts'
import { identityCenterWorld } from '../support/identity-center.ts'
import { testKeys } from '../support/keys.ts'
import { memoryLog } from '../support/memory/log.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

let postgres: TestDatabase
let w: Awaited<ReturnType<typeof identityCenterWorld>>
let root: ReturnType<typeof hands>['root']
const log = memoryLog()
const closing: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  postgres = await createTestDatabase()
  w = await identityCenterWorld()
  root = hands({ databaseUrl: postgres.appUrl, superuserUrl: postgres.superuserUrl }).root
})
afterAll(async () => {
  for (const close of closing.toReversed()) await close()
  await w.aws.close()
  await postgres.drop()
})

/** A process: what it remembers ends with it. */
const start = async () => {
  const database = await openDatabase(postgres.appUrl)
  const queue = { wake: async () => undefined }
  const { clock } = w
  const ledger = createLedger({ database, keys: testKeys, clock, log, origin: 'test' })
  closing.push(() => ledger.stop().then(() => database.close()))
  const store = createStore({ database, queue, keys: testKeys })
  const providers = new Map([['aws', w.provider()]])
  const settings = { grantWindowMs: 3_600_000 }
  const deps = { clock, log, keys: testKeys, queue, store, ledger, providers, settings }
  const reconciler = createGrantReconciler(deps)
  const look = (id: string) => reconciler.look(id, new AbortController().signal)
  const by = { kind: 'system', id: 'test' } as const
  return {
    look,
    state: async (id: string) => (await store.grant(id))?.state,
    reached: (id: string, state: string) =>
      until(`${id} to be ${state}`, async () => {
        await look(id)
        return (await store.grant(id))?.state === state
      }),
    revoke: (grant: string) => askRevoke(deps, { grant, by, why: 'over', askedAt: clock.now() }),
    /** Active, on record and read. */
    async given(number: number) {
      const intent = w.intent(number)
      const staged = await store.transaction((tx) =>
        openGrant(tx, deps, intent, { metadata: {}, now: clock.now() }),
      )
      await ledger.sealed([staged], clock.now() + 60_000)
      await this.reached(intent.grant, 'active')
      await until('it to be read', async () => {
        const { open } = await ledger.standing()
        return open.get(intent.grant)?.stage === 'issued'
      })
      return { id: intent.grant, getsIn: () => w.aws.identityCenter.getsIn(w.assignment(intent)) }
    },
  }
}
const look = (id: string) => `grant_id = '${id}' and type = 'grant.observed'`
/** Does that to the look. @returns what puts it back, so that the ledger is whole for who comes next */
const change = async (id: string, statement: string) => {
  await root(`create table kept as select * from audit_events where ${look(id)}`)
  expect(await root(`${statement} where ${look(id)}`)).toBe(1)
  return async () => {
    await root(`delete from audit_events where ${look(id)}`)
    await root('insert into audit_events select * from kept')
    await root('drop table kept')
  }
}

test.each([
  [1, 'deleted', 'delete from audit_events'],
  [2, 'altered', 'update audit_events set pull = 4242'],
] as const)('a look (%i) that is %s keeps no assignment', async (number, _, statement) => {
  const service = await start()
  const { id, getsIn } = await service.given(number)
  expect(getsIn()).toBe(true)
  const putBack = await change(id, statement)
  await service.revoke(id)
  await service.reached(id, 'ended')
  expect(getsIn()).toBe(false)
  await putBack()
})

test('where nobody remembers the look, nothing is said to be gone until it is back', async () => {
  const { id, getsIn } = await (await start()).given(3)
  const putBack = await change(id, 'delete from audit_events')
  const service = await start()
  await service.revoke(id)
  for (let times = 0; times < 4; times += 1) await service.look(id)
  expect([await service.state(id), getsIn()]).toEqual(['revoking', true])
  expect(log.lines).toContainEqual(
    expect.objectContaining({ message: 'grant.place_lost', fields: expect.objectContaining({ grant: id }) }),
  )
  await putBack()
  await service.reached(id, 'ended')
  expect(getsIn()).toBe(false)
})

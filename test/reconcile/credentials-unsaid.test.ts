// The attack: on AWS by AssumeRole nothing but `credentials.issued` says that there is a session to refuse. Whoever can
// write to PostgreSQL deletes that event or files it elsewhere, so that a revocation asks nothing of AWS, says that the
// access is gone, and the session lives on to the grant's end (trust.md 5.2, 7.11).
import { afterAll, beforeAll, expect, test } from 'vitest'
import { awsRecords } from '../../app/compose/aws-records.ts'
import { issueCredentials } from '../../app/reconcile/credentials.ts'
import { openGrant } from '../../app/reconcile/grant/open.ts'
import { createGrantReconciler } from '../../app/reconcile/grant.ts'
import { askRevoke } from '../../app/reconcile/revoke.ts'
import { until } from '../../app/sandbox/until.ts'
import { openDatabase } from '../../app/store/database.ts'
import { createLedger } from '../../app/store/ledger/ledger.ts'
import { createStore } from '../../app/store/store.ts'
import { hands } from '../attacks/support/hands.ts'
import { awsWorld, keysIn, mayDescribe, roleArn } from '../support/aws.ts'
import { testKeys } from '../support/keys.ts'
import { memoryLog } from '../support/memory/log.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

const never = new AbortController().signal
const minute = 60_000
let postgres: TestDatabase
let w: Awaited<ReturnType<typeof awsWorld>>
let root: ReturnType<typeof hands>['root']
const closing: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  postgres = await createTestDatabase()
  w = await awsWorld()
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
  const { clock } = w
  const log = memoryLog()
  const ledger = createLedger({ database, keys: testKeys, clock, log, origin: 'test' })
  closing.push(() => ledger.stop().then(() => database.close()))
  const queue = { wake: async () => undefined }
  const store = createStore({ database, queue, keys: testKeys })
  const git = { mirror: () => Promise.reject(new Error('nothing is offered')) } as never
  const records = awsRecords({ ledger, keys: testKeys, store, git, repositories: [] })
  const providers = new Map([['aws', w.provider('ours', { records })]])
  const settings = { grantWindowMs: 60 * minute }
  const deps = { clock, log, keys: testKeys, queue, store, ledger, providers, settings }
  const reconciler = createGrantReconciler(deps)
  const by = { kind: 'system', id: 'test' } as const
  /** Active, on record and read. */
  const given = async (number: number) => {
    const intent = w.intent(number)
    const { grant: id } = intent
    const staged = await store.transaction((tx) =>
      openGrant(tx, deps, intent, { metadata: {}, now: clock.now() }),
    )
    await ledger.sealed([staged], clock.now() + minute)
    await until(`${id} to be active and read`, async () => {
      await reconciler.look(id, never)
      return (await ledger.standing()).open.get(id)?.stage === 'issued'
    })
    return intent
  }
  return {
    ledger,
    given,
    regained: (number: number) => {
      const call = { signal: never, deadline: clock.now() + minute }
      return providers.get('aws')?.regained?.([w.intent(number)], call)
    },
    async session(number: number) {
      const intent = await given(number)
      const answer = await issueCredentials(deps, intent.grant, 1001, { id: 's' }, never)
      if (!answer.ok) throw new Error(answer.why)
      return { ...intent, getsIn: () => mayDescribe(w.aws.url, keysIn(answer.environment)) }
    },
    /** Before its end, which is an hour away. */
    async revoke(grant: string) {
      await askRevoke(deps, { grant, by, why: 'over', askedAt: clock.now() })
      for (let looks = 0; (await store.grant(grant))?.state !== 'ended'; looks += 1) {
        if (looks > 10) throw new Error('never revoked')
        await reconciler.look(grant, never)
        clock.advance(minute)
      }
    },
  }
}

const ofSession = (id: string) => `grant_id = '${id}' and type = 'credentials.issued'`
const denials = (number: number) => [...w.aws.policies(roleArn(`reader-${number}`)).values()].join()
const ways = [
  ['deleted', 'delete from audit_events'],
  ['filed elsewhere', "update audit_events set request_id = 'req_x', grant_id = 'req_x'"],
] as const
const when = ['while it runs', 'before a restart'] as const

test.each(
  ways.flatMap(([how, statement], way) =>
    when.map((then, at) => [1 + 2 * way + at, how, then, statement] as const),
  ),
)('credentials (%i) whose event is %s %s are refused all the same', async (number, _, then, statement) => {
  const first = await start()
  const { grant, getsIn } = await first.session(number)
  // So that the ledger does not end with it.
  await first.given(number + 20)
  await first.ledger.keep()
  expect([await getsIn(), denials(number)]).toEqual([true, ''])
  expect(await root(`${statement} where ${ofSession(grant)}`)).toBe(1)
  const service = then === 'while it runs' ? first : await start()
  expect((await service.ledger.standing()).broken).toBeUndefined()
  await service.revoke(grant)
  expect(denials(number)).toContain('Deny')
  expect(await getsIn()).toBe(false)
})

test('where nobody had credentials, a revocation writes nothing', async () => {
  const service = await start()
  const { grant } = await service.given(9)
  await service.revoke(grant)
  expect(denials(9)).toBe('')
})

test('where nobody remembers, a ledger that lost events is taken to have said so', async () => {
  const first = await start()
  const { grant, getsIn } = await first.session(10)
  await first.revoke((await first.given(12)).grant)
  await first.given(11)
  await root('truncate ledger_standing')
  expect(await root(`delete from audit_events where ${ofSession(grant)}`)).toBe(1)
  const service = await start()
  expect((await service.ledger.standing()).broken).toContain('is gone')
  // But of nobody is it said that he is in again who perhaps never was.
  expect(await service.regained(12)).toEqual([])
  await service.revoke(grant)
  expect(await getsIn()).toBe(false)
})

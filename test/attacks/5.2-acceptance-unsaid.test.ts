// The attack: bring back rules that were changed, by making the database forget that they were: the event of the newest
// acceptance is deleted, or filed under another type or repository; or the ledger is cut before it, what was kept of it
// is thrown away, and the service is made to start anew on that (trust.md 1.3, 3.11, 5.2).
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../../app/sandbox/until.ts'
import { hands } from './support/hands.ts'
import { accept, acceptedBy, propose, slow, swap } from './support/policies.ts'
import { type AttackWorld, ownWorld } from './support/world.ts'

let t: AttackWorld
let root: ReturnType<typeof hands>['root']
const closing: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  t = await ownWorld({ merge: 'manual' })
  root = hands(t).root
})
afterAll(async () => {
  for (const close of closing) await close()
  await t?.close()
})

const newest = "(select max(seq) from audit_events where type = 'policy.accepted')"
const frank = { requester: 'frank', role: 'dev-admin', scope: '"345678901234"' }
const blocked = 'frank is blocked'

test('an acceptance is not unsaid by what becomes of its event', slow, async () => {
  const before = await acceptedBy(t)
  const commit = await accept(
    t,
    await propose(t, 'block-frank', {
      'data/identities.yaml': swap('id: 1006\n', 'id: 1006\n    blocked: true\n'),
    }),
  )
  expect(commit).not.toBe(before)
  await root(`create table kept as select * from audit_events where seq = ${newest}`)
  for (const statement of [
    'delete from audit_events where seq in (select seq from kept)',
    "update audit_events set type = 'policy.refused' where seq in (select seq from kept)",
    'update audit_events set repo_id = 1 where seq in (select seq from kept)',
  ]) {
    expect([statement, await root(statement)]).toEqual([statement, 1])
    expect([statement, await acceptedBy(t)]).toEqual([statement, commit])
    const asked = await t.ask(`unsaid-${statement.length}`, frank)
    await t.checked(asked.head, 'failure', blocked)
    await root('delete from audit_events where seq in (select seq from kept)')
    await root('insert into audit_events select * from kept')
  }
})

test.each([
  ['lost it in the middle', `delete from audit_events where seq = ${newest}`, 'ledger.broken'],
  ['ends before it', `delete from audit_events where seq >= ${newest}`, 'ledger.restored'],
])('a replica that starts on a ledger that %s gives nothing', slow, async (what, statement, alert) => {
  const slug = what.replaceAll(' ', '-')
  await until('the acceptance to be anchored', async () => {
    const [row] = await t.query<{ anchored: boolean }>(
      `select max((convert_from(body, 'UTF8')::json -> 'data' ->> 'size')::int) >= ${newest} as anchored
       from audit_events where type = 'ledger.anchored'`,
    )
    return row?.anchored
  })
  await t.replica.stop()
  await root('drop table if exists whole')
  await root('create table whole as select * from audit_events')
  await root(statement)
  await root('delete from ledger_standing')
  const deceived = await t.start()
  closing.push(() => deceived.stop())
  await until(`the alert ${alert}`, async () => deceived.alerts.some(({ event }) => event === alert))
  const asked = await t.ask(slug, frank)
  await t.pending(asked.head, 'the ledger lost events, or may have')
  await t.land(asked.number)
  await t.nothingGranted(asked.number)
  await deceived.stop()

  await root('truncate audit_events')
  await root('truncate ledger_staged')
  await root('insert into audit_events select * from whole')
  const again = await t.start()
  closing.push(() => again.stop())
  await t.refused(asked, blocked)
  await again.stop()
})

// The attack: keep access past its end, or get it back after it was taken away, by writing what the service remembers:
// a grant's row says that it is over, is gone, or is to be looked at in ten years; the events that ended a grant are
// deleted and its row is set to be provisioned again; or the ledger is cut and emptied (trust.md 5.2). Or hide a request
// from those who would revoke what it gave, or delete that they did while it was open. Or merge past the check unseen, by
// writing that the merge was decided already.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../../app/sandbox/until.ts'
import { admin } from '../support/world.ts'
import { hands } from './support/hands.ts'
import { quiet } from './support/quiet.ts'
import { type AttackWorld, ownWorld } from './support/world.ts'

let t: AttackWorld
let root: ReturnType<typeof hands>['root']

beforeAll(async () => {
  t = await ownWorld({ merge: 'manual' })
  root = hands(t).root
})
afterAll(() => t?.close())

const live = async (slug: string) => {
  const asked = await t.ask(slug)
  await t.checked(asked.head, 'success')
  await t.land(asked.number, 'bob')
  await t.reached(asked.id, 'active')
  return asked
}
const typesOf = async (id: string) => {
  await t.allSealed()
  return (await t.events(id)).map(({ type }) => type).filter((type) => type.startsWith('grant.'))
}
const gone = (id: string) =>
  until(`the access of ${id} to be gone`, async () => !(await t.bindings()).includes(id))

test('a row that says ended, is gone, or sleeps for ten years keeps no access', async () => {
  const [ended, deleted, asleep, forgotten] = await Promise.all(
    ['ended', 'deleted', 'asleep', 'forgotten'].map(live),
  )
  if (!ended || !deleted || !asleep || !forgotten) throw new Error('no grants')
  await root("update grants set state = 'ended', look_at = null where id = $1", [ended.id])
  await root('delete from grants where id = $1', [deleted.id])
  await root("update grants set look_at = now() + interval '10 years' where id = $1", [asleep.id])
  await root('update grants set look_at = null where id = $1', [forgotten.id])
  // The service sweeps every 30 s; this is one of its sweeps, whose wake-ups it works.
  await t.jump(0)
  await t.alerted('grant.row_differs', { grant: ended.id })
  await t.alerted('grant.row_missing', { grant: deleted.id })
  for (const { id } of [ended, deleted]) {
    await gone(id)
    await t.reached(id, 'ended')
    expect(await typesOf(id)).toEqual([
      'grant.intended',
      'grant.issued',
      'grant.revoke_intended',
      'grant.revoked',
    ])
  }
  for (const { id } of [asleep, forgotten]) {
    const look = () =>
      t.query<{ soon: boolean }>(
        "select look_at < now() + interval '6 minutes' as soon from grants where id = $1",
        [id],
      )
    await expect.poll(look).toEqual([{ soon: true }])
    expect(await t.bindings()).toContain(id)
  }
  await root("update grants set look_at = now() + interval '10 years' where id = $1", [asleep.id])
  await t.jump(30 * 60_000)
  for (const { id } of [asleep, forgotten]) {
    await gone(id)
    expect((await typesOf(id)).at(-1)).toBe('grant.expired')
  }
})

test('a request’s row that is hidden, altered or gone shields its grant from nobody’s word', async () => {
  const [said, altered, deleted] = await Promise.all(['said', 'altered', 'no-row'].map(live))
  if (!said || !altered || !deleted) throw new Error('no grants')
  await root('update requests set pull = 999999, requester_id = 1 where id = any($1)', [
    [said.id, altered.id],
  ])
  await root('delete from requests where id = $1', [deleted.id])
  await t.api('POST', `/issues/${said.number}/comments`, { body: '/gitsudo revoke' }, 'alice')
  expect(await t.gitsudo('alice', 'revoke', altered.id)).toMatchObject({ status: 0 })
  expect(await t.gitsudo('erin', 'revoke', deleted.id)).toMatchObject({ status: 0 })
  for (const { id } of [said, altered, deleted]) {
    await gone(id)
    expect(await typesOf(id)).toContain('grant.revoked')
  }
})

test('what was revoked while it was open stays so, though who asked for that is deleted', async () => {
  const asked = await t.ask('unasked', admin)
  await t.approve(asked.number, 'bob', 'carol')
  await t.checked(asked.head, 'success')
  await t.api('POST', `/issues/${asked.number}/comments`, { body: '/gitsudo revoke' }, 'carol')
  await t.checked(asked.head, 'failure', 'carol revoked it before it was granted')
  await quiet(t, asked.number)
  await root('delete from revoke_asks where grant_id = $1', [asked.id])
  await root("delete from deliveries where event = 'issue_comment' and pull = $1", [asked.number])
  await t.land(asked.number)
  await t.refused(asked, 'carol revoked it before it was granted')
})

test('a row that says that the merge was decided keeps nobody from refusing it', async () => {
  const asked = await t.ask('said-final', admin)
  await t.checked(asked.head, 'action_required')
  await quiet(t, asked.number)
  const final = `update pulls set open = false, decision =
    (decision::jsonb || '{"moment": "merge", "verdict": "passed", "requests": []}')::json where pull = $1`
  expect(await hands(t).app(final, [asked.number])).toBe(1)
  await t.land(asked.number)
  await t.refused(asked, 'merged with 0 of the 1 approvals')
})

test('deleting the events that ended a grant does not bring it back', async () => {
  const asked = await live('brought-back')
  expect(await t.gitsudo('alice', 'revoke', asked.id)).toMatchObject({ status: 0 })
  await t.allSealed()
  await live('after-it')
  const events = await typesOf(asked.id)
  await root("delete from audit_events where grant_id = $1 and type <> 'grant.intended'", [asked.id])
  await root('delete from grant_attempts where grant_id = $1', [asked.id])
  await root('delete from revoke_asks where grant_id = $1', [asked.id])
  await root(
    "update grants set state = 'provisioning', tries = 0, cause = null, look_at = now() where id = $1",
    [asked.id],
  )
  await t.alerted('grant.withheld', { grant: asked.id })
  await root("update grants set state = 'active', look_at = now() + interval '4 minutes' where id = $1", [
    asked.id,
  ])
  expect((await t.gitsudo('alice', 'exec', asked.id, '--', 'env')).status).not.toBe(0)
  expect(await t.bindings()).not.toContain(asked.id)
  expect(events).toContain('grant.revoked')
  expect(await typesOf(asked.id)).toEqual(['grant.intended'])
})

test.each([
  ['cut', 'delete from audit_events where seq > (select max(seq) - 8 from audit_events)'],
  ['emptied', 'truncate audit_events'],
])('a ledger that was %s gives nothing until it is whole again', async (what, statement) => {
  await live(`before-${what}`)
  await t.ask(`notice-${what}`).then(({ head }) => t.checked(head, 'success'))
  await t.allSealed()
  await root('drop table if exists kept')
  await root('create table kept as select * from audit_events')
  await root(statement)
  const asked = await t.ask(`during-${what}`)
  await t.alerted('ledger.broken')
  await t.pending(asked.head, 'the ledger lost events')
  await t.land(asked.number)
  await quiet(t, asked.number)
  await t.nothingGranted(asked.number)
  // What a hand puts back is the ledger as it was: what came between is lost.
  await root('truncate audit_events')
  await root('insert into audit_events select * from kept')
  await t.jump(16_000)
  await t.reached(asked.id, 'active')
})

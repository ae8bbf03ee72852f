import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Service } from '../../app/sandbox/service.ts'
import { until } from '../../app/sandbox/until.ts'
import type { Login } from '../../app/sandbox/world.ts'
import { type Asked, admin, openTestWorld, pathOf, type TestWorld, textOf } from '../support/world.ts'

let t: TestWorld
let service: Service

beforeAll(async () => {
  t = await openTestWorld({ merge: 'manual' })
  service = await t.start()
})
afterAll(async () => {
  await service?.stop()
  await t?.close()
})

const approve = async ({ number }: Asked, ...logins: readonly Login[]): Promise<void> => {
  for (const login of logins) expect(await t.people[login].review(number, 'APPROVE')).toBe(200)
}
const merge = async (login: Login, { number }: { readonly number: number }): Promise<void> => {
  const { status, message } = await t.people[login].merge(number)
  expect([status, message]).toEqual([200, 'Pull Request successfully merged'])
}
/** A live grant that nobody had to approve. */
const live = async (slug: string): Promise<Asked> => {
  const asked = await t.ask(slug)
  await t.checked(asked.head, 'success')
  await merge('bob', asked)
  await t.reached(asked.id, 'active')
  return asked
}
const typesOf = async ({ id }: Asked) => {
  await t.allSealed()
  return (await t.events(id)).map(({ type }) => type)
}
const sealed = (asked: Asked, type: string) =>
  until(`${type} of ${asked.path}`, async () => (await t.events(asked.id)).find((one) => one.type === type))
const alerted = (event: string, about: Readonly<Record<string, unknown>>) =>
  until(`the alert ${event}`, async () =>
    service.alerts.find(
      (line) => line.event === event && Object.entries(about).every(([key, value]) => line[key] === value),
    ),
  )
const grantsOf = ({ number }: Asked) => t.query('select id from grants where pull = $1', [number])

test.concurrent('revoked by command', async () => {
  const asked = await live('by-command')
  expect(await t.gitsudo('dave', 'revoke', asked.id)).toMatchObject({ status: 1 })
  expect(await t.gitsudo('alice', 'revoke', asked.id)).toMatchObject({ status: 0 })
  await t.reached(asked.id, 'ended')
  expect((await sealed(asked, 'grant.revoke_intended')).actor).toMatchObject({ id: '1001' })
  expect(await t.bindings()).not.toContain(asked.id)
})

test.concurrent('revoked by a comment, not by a stranger’s', async () => {
  const asked = await live('by-comment')
  const comment = (login: Login) =>
    t.api('POST', `/issues/${asked.number}/comments`, { body: '/gitsudo revoke' }, login)
  await comment('dave')
  await comment('alice')
  await t.reached(asked.id, 'ended')
  // Comments are read in the order in which they came: his was passed over.
  expect((await sealed(asked, 'grant.revoke_intended')).actor).toMatchObject({ id: '1001' })
})

test.concurrent('revoked by deleting the merged file', async () => {
  const asked = await live('by-deletion')
  const head = await t.push('drop/by-deletion', 'Done', { [asked.path]: null })
  const pull = await t.people.alice.openPull('drop/by-deletion', 'Done')
  await t.checked(head, 'success')
  await merge('bob', pull)
  await t.reached(asked.id, 'ended')
  await sealed(asked, 'grant.revoked')
})

test.concurrent('revoked by changing the merged file, and nothing new is granted', async () => {
  const asked = await live('by-change')
  const head = await t.push('alter/by-change', 'Longer', { [asked.path]: textOf({ duration: '25m' }) })
  const pull = await t.people.alice.openPull('alter/by-change', 'Longer')
  await t.checked(head, 'failure', 'requests are immutable once merged')
  expect((await t.people.bob.merge(pull.number)).status).toBe(405)
  await merge('erin', pull)
  await t.reached(asked.id, 'ended')
  expect((await typesOf(asked)).filter((type) => type === 'grant.intended')).toHaveLength(1)
  expect(await t.query('select id from grants where pull = $1', [pull.number])).toEqual([])
})

test.concurrent('one request of two fails: a forced merge grants neither', async () => {
  const other = pathOf('both-second')
  const asked = await t.ask('both-first', {}, { [other]: textOf({ role: 'db-read', scope: 'orders' }) })
  await t.checked(asked.head, 'failure')
  await merge('erin', asked)
  await t.reached(asked.id, 'refused')
  expect(await grantsOf(asked)).toEqual([])
  const states = await t.query('select state from requests where pull = $1', [asked.number])
  expect(states).toEqual([{ state: 'refused' }, { state: 'refused' }])
})

test.concurrent('a merge forced past the check grants nothing, and alerts', async () => {
  const asked = await t.ask('forced', admin)
  await t.checked(asked.head, 'action_required')
  expect((await t.people.bob.merge(asked.number)).status).toBe(405)
  await merge('erin', asked)
  await t.reached(asked.id, 'refused')
  await alerted('grant.refused', { pull: asked.number })
  expect(await grantsOf(asked)).toEqual([])
})

test.concurrent('a file pushed to the branch without a pull request is refused, and alerts', async () => {
  const path = pathOf('pushed')
  // Somebody else's merge may come between clone and push.
  await until('the push', () =>
    t.commit('erin', 'main', { [path]: textOf() }).catch((error: unknown) => {
      if (!String(error).includes('rejected')) throw error
      return undefined
    }),
  )
  await alerted('grant.refused', { path })
  const rows = () =>
    t.query(
      `select type from audit_events where pull = 0 and convert_from(body, 'UTF8') like '%' || $1 || '%'`,
      [path],
    )
  await until('the refusal to be sealed', async () => (await rows()).length > 0)
  expect(await rows()).toEqual([{ type: 'grant.refused' }])
})

test.concurrent('reopening voids reviews', async () => {
  const asked = await t.ask('reopened', admin)
  await t.checked(asked.head, 'action_required')
  await approve(asked, 'bob', 'carol')
  await t.checked(asked.head, 'success')
  await t.api('PATCH', `/pulls/${asked.number}`, { state: 'closed' })
  await t.reached(asked.id, 'cancelled')
  await t.api('PATCH', `/pulls/${asked.number}`, { state: 'open' })
  await t.checked(asked.head, 'action_required')
  await t.reached(asked.id, 'pending')
})

test.concurrent('a push that leaves the file keeps the approval, one that alters it ends it', async () => {
  const asked = await t.ask('amended', admin)
  await t.checked(asked.head, 'action_required')
  await approve(asked, 'bob', 'carol')
  await t.checked(asked.head, 'success')
  await t.checked(await t.commit('alice', asked.branch, {}), 'success')
  const altered = await t.commit('alice', asked.branch, {
    [asked.path]: textOf({ ...admin, duration: '2h' }),
  })
  await t.checked(altered, 'action_required')
})

test('from pull request to expiry', async () => {
  const asked = await t.ask('expires', admin)
  await t.checked(asked.head, 'action_required')
  await approve(asked, 'bob')
  await t.checked(asked.head, 'action_required', 'bob')
  await approve(asked, 'carol')
  await t.checked(asked.head, 'success')
  await merge('carol', asked)
  await t.reached(asked.id, 'active')
  expect(await t.bindings()).toContain(asked.id)
  await t.jump(59 * 60_000)
  await t.reached(asked.id, 'active')
  await t.jump(61_000)
  await t.reached(asked.id, 'ended')
  await sealed(asked, 'grant.expired')
  expect((await typesOf(asked)).filter((type) => type.startsWith('grant.'))).toEqual([
    'grant.intended',
    'grant.issued',
    'grant.expired',
  ])
  expect(await t.bindings()).not.toContain(asked.id)
  const comments = await until('the end to be told', async () => {
    const all = await t.comments(asked.number)
    return all.some(({ body }) => body.includes('**ended** (expired')) && all
  })
  expect(comments).toHaveLength(1)
})

test('a later start is granted when it comes, after a second verdict; not to someone removed since', async () => {
  const startsAt = new Date(t.clock.now() + 2 * 3600_000).toISOString()
  const mine = await t.ask('later', { startsAt })
  const theirs = await t.ask('later-removed', { startsAt, requester: 'bob' })
  for (const asked of [mine, theirs]) {
    await t.checked(asked.head, 'success')
    await merge('carol', asked)
    await t.reached(asked.id, 'scheduled')
  }
  t.github.admin.removeUser('bob')
  await t.jump(2 * 3600_000 + 1000)
  await t.reached(mine.id, 'active')
  expect(await typesOf(mine)).toEqual(
    expect.arrayContaining(['grant.scheduled', 'grant.intended', 'grant.issued']),
  )
  await t.jump(31 * 60_000)
  await t.reached(mine.id, 'ended')
  // GitHub named bob for the check: that it knows none now is waited out.
  await t.jump(30 * 60_000)
  await t.reached(theirs.id, 'refused')
  expect(await typesOf(theirs)).not.toContain('grant.intended')
  expect(await t.bindings()).toEqual([])
})

test('trouble after the merge does not take back what the check said', async () => {
  const asked = await t.ask('troubled')
  await t.checked(asked.head, 'success')
  const path = new RegExp(`/pulls/${asked.number}/reviews`)
  const heal = t.github.admin.faults.api({ answer: 'bad-gateway', method: 'GET', path })
  await merge('carol', asked)
  await until('the trouble', async () => {
    const rows = await t.query('select pull from pulls where pull = $1 and look_at is not null', [
      asked.number,
    ])
    return rows.length > 0
  })
  const shown = `select id from pgboss.job where name = 'publish' and state in ('created', 'retry', 'active')`
  await until('the publisher to rest', async () => (await t.query(shown)).length === 0)
  heal()
  await t.jump(15_000)
  await t.reached(asked.id, 'active')
  const told = async () => (await t.comments(asked.number)).some(({ body }) => body.includes('**active**'))
  await until('the comment to say so', told)
  expect((await t.checks(asked.head)).map(({ conclusion }) => conclusion)).toEqual(['success'])
})

test('and the ledger holds', async () => {
  expect(await t.verifyLedger()).toMatchObject({ status: 0, stdout: expect.stringMatching(/^Chain intact/m) })
})

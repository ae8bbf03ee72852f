// The attack: ask for two roles that are harmless alone and dangerous together, so that no single decision sees
// both: in one pull request, in two repositories that merge in the same moment with two replicas at work, and for
// the second one once the first is held, hoping that one repository knows nothing of the other (trust.md 3.9).
import { expect, test } from 'vitest'
import { requestId } from '../../app/request/id.ts'
import { until } from '../../app/sandbox/until.ts'
import { freePort, type Login } from '../../app/sandbox/world.ts'
import { pathOf, textOf } from '../support/world.ts'
import { type AttackWorld, attackWorld } from './support/world.ts'

/** Whoever administers the infrastructure must not read what runs on it (toxic-combinations.rego). */
const administer = { requester: 'carol', role: 'prod-infra-admin', duration: '1h' }
const read = { requester: 'carol', role: 'db-read', scope: 'orders', duration: '30m' }
const verdict = 'must not be held together'

test('two in one pull request: neither is granted', async () => {
  const t = await attackWorld()
  const asked = await t.ask('toxic-pair', administer, { [pathOf('toxic-pair-too')]: textOf(read) })
  await t.approve(asked.number, 'bob', 'erin')
  await t.checked(asked.head, 'failure', verdict)
  await t.land(asked.number)
  expect(await t.refused(asked, verdict)).toContain(verdict)
})

test('two repositories, two merges at once, two replicas: one gets through, and stands against a third', async () => {
  const t = await attackWorld()
  const replica = await t.start({ port: await freePort() })
  try {
    const here = await t.ask('toxic-here', administer)
    const there = await elsewhere(t, 'toxic-there', read)
    await t.approve(here.number, 'bob', 'erin')
    await there.call('erin', 'POST', `/${there.number}/reviews`, { event: 'APPROVE', body: '' })
    const both = [here.id, there.id]
    const states = async () => {
      const rows = await t.query<{ id: string; state: string }>(
        `select r.id, coalesce(g.state, r.state) as state from requests r left join grants g using (id)
         where id = any($1)`,
        [both],
      )
      return Object.fromEntries(rows.map(({ id, state }) => [id, state]))
    }
    await until('both to be known', async () => Object.keys(await states()).length === 2)
    await Promise.all([
      t.land(here.number),
      there.call('erin', 'PUT', `/${there.number}/merge`, { merge_method: 'merge' }),
    ])
    const over = await until('both to be decided', async () => {
      const now = await states()
      return Object.values(now).every((one) => one === 'active' || one === 'refused') && now
    })
    expect(Object.values(over).toSorted()).toEqual(['active', 'refused'])
    const refused = both.find((id) => over[id] === 'refused') ?? ''
    const held = both.find((id) => over[id] === 'active') ?? ''
    expect(await t.bindings()).not.toContain(refused)
    const refusal = (await t.events(refused)).find(({ type }) => type === 'grant.refused')
    expect(refusal?.data.why).toContain(verdict)
    const at = refused === here.id ? `/repos/${t.repository.fullName}` : `/repos/${t.second.fullName}`
    const pull = refused === here.id ? here.number : there.number
    await until('the pull request to say so', async () => {
      const { body } = await t.people.erin.api('GET', `${at}/issues/${pull}/comments`)
      return (body as readonly { readonly body: string }[]).some((one) => one.body.includes(verdict))
    })

    const third = await t.ask('toxic-third', held === here.id ? read : administer)
    await t.approve(third.number, 'bob', 'erin')
    await t.checked(third.head, 'failure', verdict)
    await t.land(third.number)
    await t.refused(third, verdict)
    if (held === there.id) await withoutReason(t, held, third.id)
    expect(await t.gitsudo('carol', 'revoke', held)).toMatchObject({ status: 0 })
    await t.reached(held, 'ended')
  } finally {
    await replica.stop()
  }
})

/** The same in the second repository; alice asks for carol. */
const elsewhere = async (t: AttackWorld, slug: string, spec: typeof read) => {
  const path = pathOf(slug)
  const clone = await t.clone('alice', 'main', t.second.fullName)
  await clone.commit({ [path]: textOf(spec) })
  await clone.git('push', '--quiet', 'origin', `HEAD:refs/heads/ask/${slug}`)
  const call = async (who: Login, method: string, rest: string, body: object) => {
    const answer = await t.people[who].api(method, `/repos/${t.second.fullName}/pulls${rest}`, body)
    expect([answer.status < 300, answer.body]).toEqual([true, answer.body])
    return answer.body as { readonly number: number }
  }
  const { number } = await call('alice', 'POST', '', { title: slug, head: `ask/${slug}`, base: 'main' })
  return { number, id: requestId(t.second.id, number, path), call }
}

/** What was put to the policies of one repository about a grant of another. */
const withoutReason = async (t: AttackWorld, held: string, asking: string) => {
  const rows = await t.query<{ bytes: Buffer }>('select bytes from evidence')
  type Input = { request: { id: string }; context: { active_grants: readonly { id: string }[] } }
  const inputs = rows.map(({ bytes }) => JSON.parse(bytes.toString('utf8')) as Input)
  const seen = inputs
    .filter(({ request }) => request?.id === asking)
    .flatMap(({ context }) => context.active_grants.filter(({ id }) => id === held))
  expect(seen.length).toBeGreaterThan(0)
  for (const grant of seen) for (const key of ['reason', 'metadata']) expect(grant).not.toHaveProperty(key)
}

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
    const here = await askIn(t, t.repository, 'toxic-here', administer)
    const there = await askIn(t, t.second, 'toxic-there', read)
    for (const { approve } of [here, there]) await approve()
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
    await Promise.all([here.merge(), there.merge()])
    const over = await until('both to be decided', async () => {
      const now = await states()
      return Object.values(now).every((one) => one === 'active' || one === 'refused') && now
    })
    expect(Object.values(over).toSorted()).toEqual(['active', 'refused'])
    const [held, refused] = over[here.id] === 'active' ? [here, there] : [there, here]
    await refusedAsToxic(t, refused)

    // Where it is not held, so that the grant that stands against it is another repository's.
    const [free, spec] = held === here ? ([t.second, read] as const) : ([t.repository, administer] as const)
    const third = await askIn(t, free, 'toxic-third', spec)
    await third.approve()
    await third.merge()
    await t.reached(third.id, 'refused')
    await refusedAsToxic(t, third)
    await withoutReason(t, held.id, third.id)
    expect(await t.gitsudo('carol', 'revoke', held.id)).toMatchObject({ status: 0 })
    await t.reached(held.id, 'ended')
  } finally {
    await replica.stop()
  }
})

type AskedIn = Awaited<ReturnType<typeof askIn>>

/** In one of the repositories alice asks for carol. */
const askIn = async (
  t: AttackWorld,
  { id: repository, fullName }: AttackWorld['second'],
  slug: string,
  spec: typeof administer | typeof read,
) => {
  const path = pathOf(slug)
  const clone = await t.clone('alice', 'main', fullName)
  await clone.commit({ [path]: textOf(spec) })
  await clone.git('push', '--quiet', 'origin', `HEAD:refs/heads/ask/${slug}`)
  const call = async (who: Login, method: string, rest: string, body?: object) => {
    const answer = await t.people[who].api(method, `/repos/${fullName}${rest}`, body)
    expect([answer.status < 300, answer.body]).toEqual([true, answer.body])
    return answer.body
  }
  const opened = await call('alice', 'POST', '/pulls', { title: slug, head: `ask/${slug}`, base: 'main' })
  const { number } = opened as { readonly number: number }
  return {
    repository,
    number,
    id: requestId(repository, number, path),
    approve: async () => {
      for (const who of ['bob', 'erin'] as const)
        await call(who, 'POST', `/pulls/${number}/reviews`, { event: 'APPROVE', body: '' })
    },
    merge: () => call('erin', 'PUT', `/pulls/${number}/merge`, { merge_method: 'merge' }),
    comments: async () => (await call('erin', 'GET', `/issues/${number}/comments`)) as { body: string }[],
  }
}

const refusedAsToxic = async (
  t: AttackWorld,
  { id, number, repository, comments }: AskedIn,
): Promise<void> => {
  const said = async () => (await comments()).some(({ body }) => body.includes(verdict))
  await until('the pull request to say so', said)
  await t.nothingGranted(number, repository)
  const refusal = (await t.events(id)).find(({ type }) => type === 'grant.refused')
  expect(refusal?.data.why).toContain(verdict)
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

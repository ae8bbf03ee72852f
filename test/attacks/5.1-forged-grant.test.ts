// The attack: whoever can write to PostgreSQL makes a grant: a row that says it is to be provisioned, or is active, for
// a request that nobody approved; or changes an active grant's row so that it ends later, reaches further, or belongs
// to somebody else, and waits for the service to act on it (trust.md 5.1).
import { expect, test } from 'vitest'
import { requestId } from '../../app/request/id.ts'
import { admin } from '../support/world.ts'
import { hands } from './support/hands.ts'
import { attackWorld } from './support/world.ts'

test.each(['app', 'root'] as const)(
  'rows of grants that were never intended give nothing, written by %s',
  async (who) => {
    const t = await attackWorld()
    for (const [number, state] of (['scheduled', 'provisioning', 'active'] as const).entries()) {
      const pull = 510_000 + number + (who === 'app' ? 0 : 10)
      const id = requestId(t.repository.id, pull, 'requests/2026/12/forged.yaml')
      await hands(t)[who](
        `insert into grants (id, repository, pull, requester_id, requester_login, provider, role, scope, reason, metadata,
         state, binding_key, starts_at, ends_at, tries, look_at, version)
       values ($1, $2, $3, 1004, 'dave', 'mock', 'prod-infra-admin', '123456789012', 'none', '{}', $4, $1,
         now(), now() + interval '8 hours', 0, now(), 1)`,
        [id, t.repository.id, pull, state],
      )
      await t.alerted('grant.row_forged', { grant: id })
      if (who === 'app') await t.alerted('database.changed', { table: 'grants', row: id })
      await expect
        .poll(() => t.query('select state from grants where id = $1', [id]))
        .toEqual([{ state: 'failed' }])
      await t.allSealed()
      expect(
        (await t.events(id)).map(({ type }) => type).filter((type) => type !== 'database.changed'),
      ).toEqual([])
      expect(await t.bindings()).not.toContain(id)
    }
  },
)

test('a changed end, scope or requester changes nothing but the row, which is put right', async () => {
  const t = await attackWorld()
  const asked = await t.ask('forged-terms')
  await t.checked(asked.head, 'success')
  await t.land(asked.number, 'bob')
  await t.reached(asked.id, 'active')
  const binding = () =>
    t.query('select principal, role, scope, expires_at from mock_bindings where grant_id = $1', [asked.id])
  const row = () =>
    t.query('select requester_id, requester_login, scope, role, ends_at from grants where id = $1', [
      asked.id,
    ])
  const [given, before] = [await binding(), await row()]
  for (const who of ['app', 'root'] as const) {
    await hands(t)[who](
      `update grants set ends_at = ends_at + interval '8 hours', scope = '*', role = 'prod-infra-admin',
         requester_id = 1004, requester_login = 'dave', look_at = now() where id = $1`,
      [asked.id],
    )
    expect((await t.gitsudo('dave', 'exec', asked.id, '--', 'env')).stdout).not.toContain('MOCK')
    await expect.poll(row).toEqual(before)
    expect(await binding()).toEqual(given)
  }
  expect(
    t.replica.alerts.filter(({ event, grant }) => event === 'grant.row_differs' && grant === asked.id),
  ).toHaveLength(2)
  expect((await t.gitsudo('alice', 'exec', asked.id, '--', 'env')).stdout).toContain('MOCK')
  // What was told of it is the truth, and what is taken away is what was given.
  const told = (await t.comments(asked.number)).map(({ body }) => body).join()
  expect(told).toContain('**active**')
  expect(told).not.toMatch(/prod-infra-admin|dave/)
  await hands(t).root("update grants set scope = '*', role = 'prod-infra-admin' where id = $1", [asked.id])
  expect(await t.gitsudo('alice', 'revoke', asked.id)).toMatchObject({ status: 0 })
  await t.reached(asked.id, 'ended')
  expect(await binding()).toEqual([])
  expect((await t.events(asked.id)).map(({ type }) => type)).toContain('grant.revoked')
})

test('a row beside a request that nobody approved gives nothing, and the request is judged all the same', async () => {
  const t = await attackWorld()
  const asked = await t.ask('forged-beside', admin)
  await t.checked(asked.head, 'action_required')
  await hands(t).root(
    `insert into grants (id, repository, pull, requester_id, requester_login, provider, role, scope, reason, metadata,
       state, binding_key, starts_at, ends_at, tries, look_at, version)
     values ($1, $2, $3, 1001, 'alice', 'mock', 'prod-infra-admin', '123456789012', 'none', '{}', 'active', $1,
       now(), now() + interval '8 hours', 0, now(), 1)`,
    [asked.id, t.repository.id, asked.number],
  )
  await t.alerted('grant.row_forged', { grant: asked.id })
  await t.reached(asked.id, 'failed')
  expect((await t.gitsudo('alice', 'exec', asked.id, '--', 'env')).stdout).not.toContain('MOCK')
  await t.land(asked.number)
  await t.commented(asked.number, 'merged with 0 of the 1 approvals')
  await t.allSealed()
  const types = (await t.events(asked.id)).map(({ type }) => type)
  expect(types).toContain('grant.refused')
  expect(types).not.toContain('grant.intended')
  expect(await t.bindings()).not.toContain(asked.id)
})

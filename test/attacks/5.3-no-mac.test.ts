// The attack: what the service believes because it stored it itself is put into the database by somebody else: a
// review's delivery that says it covers the newest commit, a staged event that says access was approved, somebody
// else's wish to revoke. Each may be copied from a genuine one; only the MAC cannot be made (trust.md 5.3).
import { expect, test } from 'vitest'
import { until } from '../../app/sandbox/until.ts'
import { admin, textOf } from '../support/world.ts'
import { hands } from './support/hands.ts'
import { attackWorld } from './support/world.ts'

test('a delivery that moves approvals to the newest commit moves none', async () => {
  const t = await attackWorld()
  const asked = await t.ask('no-mac-delivery', admin)
  await t.approve(asked.number, 'bob', 'carol')
  await t.checked(asked.head, 'success')
  const head = await t.commit('alice', asked.branch, { [asked.path]: textOf({ ...admin, duration: '2h' }) })
  await t.checked(head, 'action_required')
  for (const who of ['app', 'root'] as const) {
    const made = await hands(t)[who](
      `insert into deliveries (guid, event, body, received_at, repository, pull, mac_key, mac)
       select guid || $1, event, convert_to(replace(convert_from(body, 'UTF8'), $2, $3), 'UTF8'),
         received_at - interval '1 hour', repository, pull, mac_key, mac
       from deliveries where pull = $4 and event = 'pull_request_review' and guid !~ '-(app|root)$'`,
      [`-${who}`, asked.head, head, asked.number],
    )
    expect(made).toBe(2)
  }
  // A new title makes the service look again, and says nothing itself.
  await t.api('PATCH', `/pulls/${asked.number}`, { title: 'Ready' }, 'alice')
  await until('four forged deliveries to be told', async () =>
    t.replica.alerts.some(
      ({ event, deliveries }) =>
        event === 'delivery.forged' && Array.isArray(deliveries) && deliveries.length === 4,
    ),
  )
  await t.alerted('database.changed', { table: 'deliveries', operation: 'insert' })
  await t.land(asked.number)
  expect(await t.refused(asked, 'merged with 0 of the 1 approvals')).toContain('"approved_by":[]')
})

test('a staged event without our MAC is never sealed, a wish to revoke never acted upon', async () => {
  const t = await attackWorld()
  const asked = await t.ask('no-mac-staged')
  await t.checked(asked.head, 'success')
  await t.land(asked.number, 'bob')
  await t.reached(asked.id, 'active')
  await t.allSealed()
  const sealedBefore = (await t.events(asked.id)).map(({ type }) => type)
  for (const who of ['app', 'root'] as const) {
    const forged = t.replica.alerts.filter(({ event }) => event === 'ledger.staged_forged').length
    await hands(t)[who](
      `insert into ledger_staged (body, mac_key, mac)
       select convert_to(replace(convert_from(body, 'UTF8'), 'prod-read-only', 'prod-infra-admin'), 'UTF8'),
         'guessed', encode(sha256('guess'), 'base64')
       from audit_events where grant_id = $1 and type = 'grant.intended'`,
      [asked.id],
    )
    await until(
      'the forged staged event to be told',
      async () => t.replica.alerts.filter(({ event }) => event === 'ledger.staged_forged').length > forged,
    )
    await hands(t)[who](
      `insert into revoke_asks (grant_id, by_kind, by_id, by_login, why, asked_at, mac_key, mac)
       values ($1, 'user', '1002', 'bob', 'forged', now(), 'guessed', 'guess') on conflict do nothing`,
      [asked.id],
    )
    await hands(t).root('update grants set look_at = now() where id = $1', [asked.id])
    await t.alerted('revoke_ask.forged', { grant: asked.id })
  }
  await t.allSealed()
  expect((await t.events(asked.id)).map(({ type }) => type)).toEqual(sealedBefore)
  expect(await t.bindings()).toContain(asked.id)
  // The forged row does not stand in the way of a genuine one.
  expect(await t.gitsudo('alice', 'revoke', asked.id)).toMatchObject({ status: 0 })
  const revoke = (await t.events(asked.id)).find(({ type }) => type === 'grant.revoke_intended')
  expect(revoke?.actor).toMatchObject({ login: 'alice' })
})

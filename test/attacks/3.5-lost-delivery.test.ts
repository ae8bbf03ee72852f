// The attack: keep the news from gitsudo. Whoever makes a delivery disappear (a full disk in between, a webhook
// switched off for a minute) deletes a file and keeps the access, or puts one on the branch that nobody judges. The
// branch's history is walked from the last reconciled commit, at every start and every 5 min (trust.md 3.5, 6.18a).
import { expect, test } from 'vitest'
import { requestId } from '../../app/request/id.ts'
import { freePort } from '../../app/sandbox/world.ts'
import { pathOf, textOf } from '../support/world.ts'
import { attackWorld } from './support/world.ts'

test('what nobody was told of is found on the branch', async () => {
  const t = await attackWorld()
  const asked = await t.ask('lost-news')
  await t.checked(asked.head, 'success')
  await t.land(asked.number, 'bob')
  await t.reached(asked.id, 'active')
  const heard = t.github.admin.faults.deliveries({ happens: 'lose', event: 'push' })
  const path = pathOf('lost-stowaway')
  const theirs = await t.clone('erin')
  await theirs.commit({ [asked.path]: null, [path]: textOf() })
  await theirs.git('push', '--quiet', 'origin', 'main')
  heard()
  const replica = await t.start({ port: await freePort() })
  try {
    await t.reached(asked.id, 'ended')
    const stowaway = requestId(t.repository.id, 0, path)
    await t.allSealed()
    const told = await t.events(stowaway)
    expect(told.map(({ type }) => type)).toEqual(['grant.refused'])
    expect(told[0]?.data.why).toContain('without a pull request')
    expect(await t.bindings()).not.toContain(asked.id)
  } finally {
    await replica.stop()
  }
})

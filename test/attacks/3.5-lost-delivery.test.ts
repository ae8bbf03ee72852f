// The attack: keep the news from gitsudo. Whoever makes a delivery disappear (a full disk in between, a webhook
// switched off for a minute) deletes a file and keeps the access, or puts one on the branch that nobody judges. The
// branch's history is walked from the last reconciled commit, at every start and every 5 min (trust.md 3.5, 6.18a).
import { expect, test } from 'vitest'
import { requestId } from '../../app/request/id.ts'
import { freePort } from '../../app/sandbox/world.ts'
import { pathOf, textOf } from '../support/world.ts'
import { live } from './support/cloud.ts'
import { held } from './support/quiet.ts'
import { attackWorld, ownWorld, timedWorld } from './support/world.ts'

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
    await t.endedAs(asked, `${asked.path} changed or left main`)
  } finally {
    await replica.stop()
  }
})

test('a branch set back and forth between two looks ends what was missing meanwhile', async () => {
  const t = await timedWorld()
  const asked = await live(t, 'set-back')
  const { fullName } = t.repository
  const rule = (allowForcePushes: boolean) =>
    t.github.admin.protectBranch(fullName, 'main', {
      requiredChecks: [{ context: 'gitsudo' }],
      allowForcePushes,
    })
  await held(t, async () => {
    const theirs = await t.clone('erin')
    rule(true)
    await theirs.git('push', '--quiet', '--force', 'origin', 'HEAD^:main')
    rule(false)
    await theirs.git('push', '--quiet', 'origin', 'HEAD:main')
  })
  await t.reached(asked.id, 'ended')
  expect(await t.bindings()).not.toContain(asked.id)
  await t.endedAs(asked, `${asked.path} changed or left main`)
})

test('what nobody was told of is found by a replica that runs, within five minutes', async () => {
  const t = await ownWorld({ merge: 'manual', env: { GITSUDO_TEST_CATCH_UP: 'by the clock' } })
  try {
    const asked = await live(t, 'lost-while-running')
    const heard = t.github.admin.faults.deliveries({ happens: 'lose', event: 'push' })
    const theirs = await t.clone('erin')
    await theirs.commit({ [asked.path]: null })
    await theirs.git('push', '--quiet', 'origin', 'main')
    heard()
    await t.advance(5 * 60_000)
    await t.reached(asked.id, 'ended')
    expect(await t.bindings()).not.toContain(asked.id)
    await t.endedAs(asked, `${asked.path} changed or left main`)
  } finally {
    await t.close()
  }
})

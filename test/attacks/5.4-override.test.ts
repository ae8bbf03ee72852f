// The attack: disable the policies that stand in the way. By hand, as a runbook of another tool says (`enabled = false`);
// alone, as one administrator who gives the command twice; with a row copied from an override that was genuine once; or
// with a wish written in another administrator's name (trust.md 5.4).
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../../app/sandbox/until.ts'
import { admin } from '../support/world.ts'
import { hands } from './support/hands.ts'
import { type AttackWorld, ownWorld } from './support/world.ts'

const [carol, erin] = [1003, 1005]
let t: AttackWorld

beforeAll(async () => {
  t = await ownWorld({ merge: 'manual', settings: { administrators: [carol, erin] } })
})
afterAll(() => t?.close())

const update = (who: 'carol' | 'erin' | 'dave', name: string, ...more: readonly string[]) =>
  t.gitsudo(who, 'policy', 'update', '--name', name, ...more)
const enabled = async (name: string) =>
  (await t.query<{ enabled: boolean }>('select enabled from policies where name = $1', [name]))[0]?.enabled
const alertsOf = (event: string) => t.replica.alerts.filter((one) => one.event === event).length
const phases = async (name: string) => {
  await t.allSealed()
  const rows = await t.query<{ body: Buffer }>(
    "select body from audit_events where type = 'policy.overridden' order by seq",
  )
  return rows
    .map(({ body }) => JSON.parse(body.toString('utf8')) as { data: Record<string, unknown> })
    .flatMap(({ data }) => (data.policy === name ? [data.phase] : []))
}

test('policies disabled by hand open nothing, and their way out is one command', async () => {
  await until('the policies to be listed', async () => (await enabled('owners')) === true)
  await hands(t).app("update policies set enabled = false where name = 'two-person'")
  await t.alerted('database.changed', { table: 'policies', operation: 'update' })
  const asked = await t.ask('by-hand', admin)
  const summary = await t.checked(asked.head, 'action_required')
  expect(summary).toContain('bob')
  await t.land(asked.number)
  await t.refused(asked, 'approval')
  await hands(t).root("update policies set enabled = false where type = 'ELIGIBILITY'")
  const off = await t.query<{ name: string }>('select name from policies where not enabled')
  expect(off.length).toBeGreaterThan(1)
  for (const { name: policy } of off)
    await t.alerted('policy.disabled_by_hand', { repository: t.repository.id, policy })
  const locked = await t.ask('by-hand-locked')
  await t.checked(locked.head, 'failure', 'eligibility')
  expect((await t.gitsudo('erin', 'policy', 'list')).stdout).toContain('false by hand: counts all the same')
  for (const { name } of off)
    expect(await update('erin', name, '--enabled', 'true')).toMatchObject({ status: 0 })
  expect(alertsOf('policy.disabled_by_hand')).toBe(off.length)
  await t.checked(locked.head, 'success')
})

test('one administrator is not two, and nobody else is any', async () => {
  expect(await update('dave', 'two-person', '--enabled', 'false')).toMatchObject({ status: 1 })
  expect((await update('erin', 'two-person', '--enabled', 'false', '--for', '5h')).stderr).toContain(
    'at most 4h',
  )
  for (let time = 0; time < 2; time++) {
    expect((await update('erin', 'two-person', '--enabled', 'false')).stdout).toContain(
      'another administrator',
    )
  }
  expect(await enabled('two-person')).toBe(true)
  expect((await update('carol', 'two-person', '--enabled', 'false', '--for', '2h')).stdout).toContain(
    'erin asked for 4h',
  )
  expect(await enabled('two-person')).toBe(true)
  for (const [who, name] of [
    ['app', 'low-risk'],
    ['root', 'owners'],
  ] as const) {
    await hands(t)[who](
      `insert into override_asks (repository, name, by_id, by_login, seconds, asked_at, mac_key, mac)
       select repository, $1, by_id, by_login, seconds, asked_at, mac_key, mac
       from override_asks where by_id = $2 and name = 'two-person'`,
      [name, erin],
    )
    expect((await update('carol', name, '--enabled', 'false')).stdout).toContain('another administrator')
    await t.alerted('override_ask.forged', { policy: name })
    expect(await enabled(name)).toBe(true)
  }
  await t.alerted('database.changed', { table: 'override_asks', operation: 'insert' })
  expect((await phases('two-person')).slice(-3)).toEqual(['asked', 'asked', 'asked'])
})

test('two administrators disable a policy for a while, and everybody can see it; a copy of their row disables none', async () => {
  expect((await update('carol', 'two-person', '--enabled', 'false')).stdout).toContain(
    'disabled by erin and carol',
  )
  await t.alerted('policy.overridden', { policy: 'two-person' })
  expect((await t.gitsudo('frank', 'policy', 'list')).stdout).toMatch(
    /two-person .*false: erin, carol, ends in 3h/,
  )
  expect((await t.gitsudo('frank', 'server', 'status')).stdout).toMatch(
    /policy two-person: false: erin, carol/,
  )
  const listed = JSON.parse((await t.gitsudo('erin', 'policy', 'list', '-o', 'json')).stdout) as object[]
  expect((await t.gitsudo('erin', 'server', 'reload-policies')).stdout).toContain(
    `Enabled: ${listed.length - 1}\n`,
  )
  const asked = await t.ask('overridden', admin)
  await t.checked(asked.head, 'action_required')
  await t.approve(asked.number, 'bob')
  await t.checked(asked.head, 'success', 'two-person')

  await hands(t).root('create table kept as select * from policies; grant select on kept to gitsudo_app')
  expect((await update('erin', 'two-person', '--enabled', 'true')).stdout).toContain('is enabled')
  await t.checked(asked.head, 'action_required')
  for (const who of ['app', 'root'] as const) {
    const told = [alertsOf('override.forged'), alertsOf('database.changed')]
    await hands(t)[who](
      'update policies p set (enabled, override_until, override_by, override_mac_key, override_mac) = (k.enabled, k.override_until, k.override_by, k.override_mac_key, k.override_mac) from kept k where k.name = p.name',
    )
    const again = await t.ask(`overridden-again-${who}`, admin)
    await until('the copy to be told', async () => alertsOf('override.forged') > (told[0] ?? 0))
    if (who === 'app')
      await until('the hand to be told', async () => alertsOf('database.changed') > (told[1] ?? 0))
    await t.approve(again.number, 'bob')
    await t.land(again.number)
    await t.refused(again, 'approval')
    expect(await update('erin', 'two-person', '--enabled', 'true')).toMatchObject({ status: 0 })
  }
})

test('an override ends by itself', async () => {
  for (const who of ['erin', 'carol'] as const)
    await update(who, 'two-person', '--enabled', 'false', '--for', '30m')
  expect(await enabled('two-person')).toBe(false)
  const asked = await t.ask('outlasted', admin)
  await t.approve(asked.number, 'bob')
  await t.checked(asked.head, 'success')
  await t.jump(30 * 60_000)
  expect(await enabled('two-person')).toBe(true)
  await t.checked(asked.head, 'action_required')
  expect((await phases('two-person')).slice(-3)).toEqual(['asked', 'started', 'ended'])
})

// The bug of others: a cron looks at everything every minute, spends GitHub's limit on nothing, and is then blind when it
// matters. Our sweeps ask the database; GitHub is asked when something happened. And where GitHub says no, it is left
// alone for as long as it asked, while access still ends at its time (trust.md 7.10).
import { expect, test } from 'vitest'
import { until } from '../../app/sandbox/until.ts'
import { admin } from '../support/world.ts'
import { live } from './support/cloud.ts'
import { type AttackWorld, timedWorld } from './support/world.ts'

const minute = 60_000

/** Nothing to do before the next wake-up. */
const resting = async (t: AttackWorld) => {
  await t.github.admin.deliveriesSettled()
  await until('nothing to be under way', async () => {
    const jobs = await t.query(`select id from pgboss.job where state in ('created', 'retry', 'active')`)
    return jobs.length === 0
  })
  await t.allSealed()
}

/** And the ledger is anchored: what follows happens by itself. */
const anchored = async (t: AttackWorld) => {
  await t.jump(minute)
  await until('everything to be anchored', async () => {
    const [row] = await t.query<{ all: boolean }>(
      `select max(seq) filter (where type <> 'ledger.anchored') <=
         max((convert_from(body, 'UTF8')::json -> 'data' ->> 'size')::bigint) filter (where type = 'ledger.anchored') as all
       from audit_events`,
    )
    return row?.all
  })
  await resting(t)
}

test('sweeps over what waits and what lives ask GitHub nothing', async () => {
  const t = await timedWorld()
  // Whatever others left here is over by then.
  await t.jump(9 * 60 * minute)
  for (const slug of ['sweep-a', 'sweep-b', 'sweep-c'])
    await t.checked((await t.ask(slug, admin)).head, 'action_required')
  const asked = await live(t, 'sweep-live')
  await t.commented(asked.number, '**active**')
  const spent = await until('five minutes without a catch-up', async () => {
    await anchored(t)
    t.github.admin.resetCounters()
    for (let sweep = 0; sweep < 3; sweep++) await t.jump(minute)
    await resting(t)
    const counts = t.github.admin.counters()
    return counts.calls['GET /app/hook/deliveries'] === undefined && counts
  })
  expect(spent).toMatchObject({ calls: {}, reads: 0, writes: 0, gitFetches: 0 })
  await t.reached(asked.id, 'active')
})

test('limited by GitHub, gitsudo leaves it alone, and takes access away at its time', async () => {
  const t = await timedWorld()
  const asked = await live(t, 'limited', { duration: '10m' })
  await t.commented(asked.number, '**active**')
  await resting(t)
  t.github.admin.resetCounters()
  const path = /\/(check-runs|comments)/
  const heal = [
    t.github.admin.faults.api({ answer: 'secondary-limit', retryAfterSeconds: 3600, method: 'PATCH', path }),
    t.github.admin.faults.api({ answer: 'secondary-limit', retryAfterSeconds: 3600, method: 'POST', path }),
  ]
  try {
    await t.jump(11 * minute)
    await t.reached(asked.id, 'ended')
    expect(await t.bindings()).not.toContain(asked.id)
    for (let sweep = 0; sweep < 3; sweep++) await t.jump(minute)
    const shown = Object.entries(t.github.admin.counters().calls)
      .filter(([call]) => /^(PATCH|POST) .*(check-runs|comments)/.test(call))
      .reduce((sum, [, count]) => sum + count, 0)
    expect(shown).toBeGreaterThan(0)
    expect(shown).toBeLessThanOrEqual(2)
  } finally {
    for (const one of heal) one()
  }
  await t.jump(61 * minute)
  await t.commented(asked.number, '**ended** (expired')
})

import { expect, test } from 'vitest'
import { until } from '../../app/sandbox/until.ts'
import { pathOf, textOf } from '../support/world.ts'
import { slots } from './clouds/cloud.ts'
import { farMs, openFarKubernetes } from './clouds/kubernetes.ts'
import { openStage } from './stage.ts'

/** Pull requests, each with an end of its own, and grants of each. */
const [pulls, each] = process.env.CI ? [4, 25] : [20, 50]
const count = pulls * each
/** How many calls a provider may have under way (provider/limits.ts). */
const atOnce = 32
const limitMs = 900_000

test(`a cloud is away for an hour while ${count} grants end: they are debt, and go when it is back, not all at once`, async () => {
  const stage = await openStage([openFarKubernetes])
  const { world } = stage
  const [cloud] = stage.clouds
  if (cloud === undefined) throw new Error('no cloud')
  const replica = await world.start()
  const inState = async (...states: readonly string[]): Promise<number> =>
    (await world.query('select from grants where state = any($1)', [states])).length
  const held = async () =>
    (await Promise.all(slots.map(cloud.held))).reduce<number>((sum, n) => sum + (n ?? 0), 0)
  try {
    for (let pull = 0; pull < pulls; pull++) {
      const duration = `${pull + 11}m`
      const files = Array.from({ length: each }, (_, at) => {
        const asking = cloud.asking(slots[(pull * each + at) % slots.length] ?? '')
        return [pathOf(`outage-${pull}-${at}`), textOf({ provider: cloud.provider, duration, ...asking })]
      })
      const branch = `ask/outage-${pull}`
      await world.push(branch, 'Ask before the outage', Object.fromEntries(files))
      await world.people.alice.openPull(branch, `Access: outage ${pull}`)
    }
    await until('everybody to be in', async () => (await inState('active')) === count, limitMs)
    expect(await held()).toBe(count)

    const heal = cloud.faults.plan({ answer: 'unavailable' })
    await world.jump(31 * 60_000)
    await until('everybody to be debt', async () => (await inState('revoking')) === count, limitMs)
    await world.jump(60 * 60_000)
    await until(
      'a try of each',
      async () => (await world.query('select from grants where tries < 2')).length === 0,
      limitMs,
    )
    expect(await held()).toBe(count)
    const status = await world.gitsudo('alice', 'server', 'status')
    expect(status.stdout).toMatch(new RegExp(`revocation debt +UP +${count} grants not confirmed gone`))

    const arrivals: number[] = []
    cloud.faults.watch(() => void arrivals.push(performance.now()))
    heal()
    // Whoever backs off does so for a minute at most: all of them are due now.
    await world.jump(60_000)
    await until('everybody to be gone', async () => (await inState('ended')) === count, limitMs)
    expect(await held()).toBe(0)
    expect(cloud.leftovers()).toEqual([])
    expect(mostWithin(arrivals, farMs)).toBeLessThanOrEqual(atOnce)
    await world.allSealed()
    expect(await world.verifyLedger()).toMatchObject({ status: 0 })
  } finally {
    await replica.stop()
    await stage.close()
  }
}, 3_600_000)

/** The most of these moments, in order, that lie within so many milliseconds. */
const mostWithin = (moments: readonly number[], ms: number): number => {
  let first = 0
  let most = 0
  for (const [at, moment] of moments.entries()) {
    while (moment - (moments[first] ?? moment) >= ms) first++
    most = Math.max(most, at - first + 1)
  }
  return most
}

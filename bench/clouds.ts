/**
 * Each provider against its cloud's double with 50 ms latency: grants made and taken away a second, calls of each, and
 * grants that all end in the same second in one account, subscription, project or cluster, beside a loop that takes
 * bindings away one after another, with read-back. Core and double share one process.
 * `npm run bench:clouds [-- --count 1000] [-- --serial 50] [-- --latency 50] [-- --only gcp]`
 */
import { parseArgs } from 'node:util'
import type { Intent } from '../app/grant/intent.ts'
import { boundCalls } from '../app/provider/calls.ts'
import { limitCalls } from '../app/provider/limits.ts'
import type { Call } from '../app/provider/port.ts'
import { type World, worlds } from './clouds/worlds.ts'
import { createBenchClock, endOf, intentOf, onCore, origin } from './core.ts'
import { figure, holds, spread } from './figures.ts'

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '1000' },
    serial: { type: 'string', default: '50' },
    latency: { type: 'string', default: '50' },
    only: { type: 'string' },
  },
})
const count = Number(values.count)
const sample = Math.min(count, Number(values.serial))
const perSecond = (ms: number) => `${((count * 1000) / ms).toFixed(0)} a second`
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined, alert: () => undefined }

/** Whoever lasts for longer than the five minutes between two looks is looked at in it. */
const longLeadMs = 60_000

type Clock = ReturnType<typeof createBenchClock>
const callOf = (clock: Clock, ms = 60_000): Call => ({
  deadline: clock.now() + ms,
  signal: AbortSignal.timeout(ms),
})

/** @returns what taking `count` away one after another costs, from a sample */
const oneByOne = async (world: World, clock: Clock): Promise<number> => {
  const alone = Array.from({ length: sample }, (_, n) =>
    intentOf(count + n, endOf(clock), world.of(count + n)),
  )
  const placed: Intent[] = []
  for (const one of alone) {
    const seen = await world.provider.observe?.(one, callOf(clock))
    placed.push(seen === undefined ? one : { ...one, place: seen.place })
  }
  for (const one of placed) await world.provider.ensure(one, callOf(clock))
  const began = performance.now()
  for (const one of placed) await world.provider.remove(one, callOf(clock))
  return ((performance.now() - began) * count) / sample
}

/** Revocations before the end, at once; where what is written takes effect later, until it is read back. */
const revokeAll = async (world: World, clock: Clock): Promise<void> => {
  const provider = boundCalls(limitCalls(world.provider), { clock, log: quiet })
  const intents = Array.from({ length: count }, (_, n) => intentOf(2 * count + n, endOf(clock), world.of(n)))
  const before = world.calls()
  const began = performance.now()
  await Promise.all(intents.map((intent) => provider.remove(intent, callOf(clock, 600_000))))
  const tookMs = performance.now() - began
  figure(
    'revoked before their end',
    `${seconds(tookMs)}, ${perSecond(tookMs)}, calls each ${callsEach(world, before)}`,
  )
  const serialMs = await oneByOne(world, clock)
  figure(
    'against one by one',
    `${(serialMs / tookMs).toFixed(1)} times (${seconds(serialMs)}, from ${sample})`,
  )
}

const callsEach = (world: World, before: number): string => ((world.calls() - before) / count).toFixed(2)

const lifeOfAll = async (world: World, clock: Clock): Promise<void> => {
  // At its end a session is refused by its own policy, and PIM ends what it gave: there is nothing to take away one by one.
  const endsItself = !world.provider.traits.binding || world.lifeMs !== undefined
  const serialMs = endsItself ? undefined : await oneByOne(world, clock)
  await onCore(
    clock,
    () => world.provider,
    async (core) => {
      const endsAt = endOf(clock, world.lifeMs)
      const intents = Array.from({ length: count }, (_, n) => intentOf(n, endsAt + (n % 1000), world.of(n)))
      const before = world.calls()
      const madeMs = await core.make(intents)
      figure('made and active', `${perSecond(madeMs)}, calls each ${callsEach(world, before)}`)
      const made = world.calls()
      const { late, tookMs } = await core.end(endsAt, world.lifeMs === undefined ? undefined : longLeadMs)
      figure('gone', `${seconds(tookMs)}, ${perSecond(tookMs)}, calls each ${callsEach(world, made)}`)
      figure('past their end', spread(late))
      if (serialMs !== undefined)
        figure(
          'against one by one',
          `${(serialMs / tookMs).toFixed(1)} times (${seconds(serialMs)}, from ${sample})`,
        )
      const { bindings: left } = await world.provider.list(callOf(clock), intents)
      holds('left in the cloud', String(left.length), left.length === 0)
      const { expired } = await core.sealed()
      holds('expired by the ledger', String(expired), expired === count)
    },
  )
}

for (const [name, start] of Object.entries(worlds)) {
  if (values.only !== undefined && values.only !== name) continue
  const clock = createBenchClock()
  const world = await start({ clock, latencyMs: Number(values.latency), instance: origin })
  try {
    console.log(`${name}: ${count} grants`)
    if (!world.provider.traits.binding) await revokeAll(world, clock)
    await lifeOfAll(world, clock)
  } finally {
    await world.close()
  }
}

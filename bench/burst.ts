/**
 * Grants that all end in the same second, against the mock provider with 20 ms latency: the real reconciler, queue,
 * timer, ledger and store of one process on PostgreSQL, beside a loop that takes bindings away one after another.
 * `npm run bench:burst [-- --count 10000] [-- --serial 500]`
 */
import { parseArgs } from 'node:util'
import { createMock } from '../app/provider/mock/mock.ts'
import type { Provider } from '../app/provider/port.ts'
import { mockBindings } from '../app/store/mock-bindings.ts'
import { createBenchClock, endOf, intentOf, onCore, origin } from './core.ts'
import { aim, figure, holds, spread } from './figures.ts'

const { values } = parseArgs({
  options: { count: { type: 'string', default: '10000' }, serial: { type: 'string', default: '500' } },
})
const count = Number(values.count)
const sample = Math.min(count, Number(values.serial))

const clock = createBenchClock()
const call = () => ({ deadline: clock.now() + 60_000, signal: AbortSignal.timeout(60_000) })
const intent = (n: number, endsAt: number) =>
  intentOf(n, endsAt, {
    provider: 'mock',
    principal: `dev-${n}`,
    cloudRole: 'dev-admin',
    scope: '345678901234',
  })

let mock: Provider
await onCore(
  clock,
  (database) => {
    mock = createMock({ bindings: mockBindings(database), clock, instance: origin, latencyMs: 20 })
    return mock
  },
  async (core) => {
    const alone = Array.from({ length: sample }, (_, n) => intent(count + n, endOf(clock)))
    for (const one of alone) await mock.ensure(one, call())
    const began = performance.now()
    for (const one of alone) await mock.remove(one, call())
    const serialMs = ((performance.now() - began) * count) / sample
    figure('one after another', `${(serialMs / 1000).toFixed(1)} s for ${count}, from ${sample} in full`)

    const endsAt = endOf(clock)
    const madeMs = await core.make(Array.from({ length: count }, (_, n) => intent(n, endsAt + (n % 1000))))
    figure('made and active', `${count} in ${(madeMs / 1000).toFixed(1)} s`)
    const { late, tookMs } = await core.end(endsAt)
    figure('gone after their end', spread(late))
    figure('all gone', `${(tookMs / 1000).toFixed(1)} s after the second began`)
    holds(
      'left in the cloud',
      String(await core.counted('select count(*)::int as n from mock_bindings')),
      (await mock.list(call(), [])).bindings.length === 0,
    )
    const { events, expired } = await core.sealed()
    holds('ledger', `${events} events, expired ${expired}`, events === 3 * count && expired === count)
    aim('times faster than one by one', (serialMs / tookMs).toFixed(1), '≥ 20', serialMs >= 20 * tookMs)
  },
)

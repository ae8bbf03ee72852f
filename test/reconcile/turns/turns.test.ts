import { expect, test } from 'vitest'
import { outcomeOf } from '../../../app/provider/outcome.ts'
import { ProviderError } from '../../../app/provider/port.ts'
import type { Lane } from '../../../app/reconcile/turns/next-turn.ts'
import { createTurns } from '../../../app/reconcile/turns/turns.ts'

const never = new AbortController().signal
const turn = (place: string, lane: Lane = 'takes', signal = never, turnBy = signal) => ({
  place,
  lane,
  signal,
  turnBy,
})

/** Work that lasts until it is ended, and how many are under way at each place. */
const stage = (limits = { each: 4, most: 8 }, now?: () => number) => {
  const back: string[] = []
  const turns = createTurns('aws', limits, outcomeOf, (place) => back.push(place), now)
  const under: { readonly place: string; readonly end: (error?: Error) => void }[] = []
  return {
    back,
    under,
    at: (place: string) => under.filter((one) => one.place === place).length,
    come: (place: string, lane?: Lane, signal?: AbortSignal, turnBy?: AbortSignal) => {
      const answer = turns(turn(place, lane, signal, turnBy), () => {
        const { promise, resolve, reject } = Promise.withResolvers<string>()
        const one = {
          place,
          end: (error?: Error) => {
            under.splice(under.indexOf(one), 1)
            if (error === undefined) resolve(place)
            else reject(error)
          },
        }
        under.push(one)
        return promise
      })
      // Whoever cares looks at it; of the others nobody needs to hear.
      answer.catch(() => undefined)
      return answer
    },
    end: (place: string, error?: Error) => under.find((one) => one.place === place)?.end(error),
    async endAll() {
      while (under.length > 0) {
        under[0]?.end()
        await Promise.resolve()
      }
    },
  }
}
const many = (count: number, work: () => Promise<unknown>) => Array.from({ length: count }, work)
const throttled = (retryAfter: number) => new ProviderError('throttled', 'slow down', { retryAfter })
const fault = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: unknown) => error,
  )

test('a place has its share, and beside one that is full others have theirs', async () => {
  const { come, at, endAll } = stage()
  const all = [...many(20, () => come('full')), ...many(3, () => come('other'))]
  await expect.poll(() => [at('full'), at('other')]).toEqual([4, 3])
  await endAll()
  expect(await Promise.all(all)).toHaveLength(23)
})

test('a place that throttles is left alone as long as it asks, and nobody waits for it; another goes on', async () => {
  const { come, at, end, endAll } = stage()
  const waiting = many(10, () => come('tired'))
  await expect.poll(() => at('tired')).toBe(4)
  end('tired', throttled(60_000))
  for (const one of waiting.slice(4))
    expect(await fault(one)).toMatchObject({ kind: 'throttled', retryAfter: expect.closeTo(60_000, -5) })
  expect(await fault(come('tired'))).toMatchObject({
    kind: 'throttled',
    message: expect.stringContaining('tired'),
  })
  const healthy = come('well')
  await expect.poll(() => at('well')).toBe(1)
  await endAll()
  expect(await healthy).toBe('well')
})

test('after a short pause those who waited go, half as many at once, and soon as many as ever', async () => {
  const { come, at, end, endAll } = stage()
  const first = many(4, () => come('tired'))
  await expect.poll(() => at('tired')).toBe(4)
  end('tired', throttled(50))
  const waiting = many(5, () => come('tired'))
  const away = await Promise.all(waiting.slice(2).map(fault))
  expect(away).toEqual(away.map(() => expect.objectContaining({ kind: 'throttled' })))
  while (at('tired') > 0) end('tired')
  await expect.poll(() => at('tired')).toBe(2)
  await endAll()
  await Promise.allSettled([...first, ...waiting])
  for (let rounds = 0; rounds < 8; rounds++) {
    const one = come('tired')
    await expect.poll(() => at('tired')).toBe(1)
    await endAll()
    await one
  }
  const again = many(4, () => come('tired'))
  await expect.poll(() => at('tired')).toBe(4)
  await endAll()
  await Promise.all(again)
})

test('a pause that ends between two looks at the stopwatch is not overlooked', async () => {
  const looks: number[] = []
  let time = 100
  const { come, end, endAll, at } = stage(undefined, () => looks.shift() ?? time)
  const first = come('tired')
  await expect.poll(() => at('tired')).toBe(1)
  end('tired', throttled(50))
  await fault(first)
  time = 151
  looks.push(149, 149, 150)
  const second = come('tired')
  await expect.poll(() => at('tired')).toBe(1)
  await endAll()
  expect(await second).toBe('tired')
})

test('a place that is silent is tried by one at a time, the first of those who take away', async () => {
  const { come, at, end, endAll } = stage()
  const late = AbortSignal.timeout(20)
  const lost = many(4, () => come('silent', 'gives', late))
  await expect.poll(() => late.aborted).toBe(true)
  while (at('silent') > 0) end('silent', new ProviderError('unknown', 'no answer', { cause: new Error() }))
  await Promise.allSettled(lost)
  const grant = come('silent', 'gives')
  const revocations = many(3, () => come('silent', 'takes'))
  expect(await fault(Promise.race(revocations.slice(1)))).toMatchObject({ kind: 'throttled' })
  await expect.poll(() => at('silent')).toBe(1)
  end('silent')
  expect(await revocations[0]).toBe('silent')
  await expect.poll(() => at('silent')).toBe(1)
  await endAll()
  expect(await grant).toBe('silent')
})

test('who gives up before his turn is not sent, and hears so', async () => {
  const { come, at, endAll } = stage({ each: 1, most: 1 })
  const first = come('a')
  const gone = new AbortController()
  const second = come('a', 'takes', gone.signal)
  gone.abort()
  expect(await fault(second)).toMatchObject({ kind: 'throttled' })
  expect(await fault(come('a', 'takes', gone.signal))).toMatchObject({ kind: 'throttled' })
  expect(at('a')).toBe(1)
  await endAll()
  await first
})

test('who has waited for half of his time is not sent, who has begun goes on, and the place is free for others', async () => {
  const { come, at, endAll } = stage({ each: 1, most: 1 })
  const half = new AbortController()
  const first = come('a', 'takes', never, half.signal)
  const second = come('a', 'takes', never, half.signal)
  const third = come('a')
  await expect.poll(() => at('a')).toBe(1)
  half.abort()
  expect(await fault(second)).toMatchObject({ kind: 'throttled' })
  await endAll()
  expect(await first).toBe('a')
  await expect.poll(() => at('a')).toBe(1)
  await endAll()
  expect(await third).toBe('a')
})

test('a late wish to be left alone sends away who waits, also where the place has answered since', async () => {
  const { come, at, under, endAll } = stage()
  const old = [come('tired'), come('tired')]
  await expect.poll(() => at('tired')).toBe(2)
  under[1]?.end(new ProviderError('unavailable', '503', { cause: new Error() }))
  await Promise.allSettled(old.slice(1))
  const healed = come('tired')
  await expect.poll(() => at('tired')).toBe(2)
  under[1]?.end()
  await healed
  const [, waiting] = [come('tired'), come('tired')]
  await expect.poll(() => at('tired')).toBe(2)
  under[0]?.end(throttled(60_000))
  expect(await fault(waiting)).toMatchObject({ kind: 'throttled', message: expect.stringContaining('tired') })
  await endAll()
})

test('a turn ends whatever its error is', async () => {
  const turns = createTurns('aws', { each: 1, most: 1 }, () => {
    throw new Error('nobody expected that')
  })
  await expect(turns(turn('a'), () => Promise.reject(new Error('odd')))).rejects.toThrow()
  expect(await turns(turn('a'), async () => 'done')).toBe('done')
})

test('a place that was away is back once something is taken away there again, not by being looked at', async () => {
  const { come, at, end, back } = stage()
  const ended = async (lane: Lane, error?: Error) => {
    const one = come('a', lane)
    await expect.poll(() => at('a')).toBe(1)
    end('a', error)
    await fault(one)
  }
  await ended('takes')
  await ended('takes', throttled(1))
  await ended('takes')
  expect(back).toEqual([])
  await ended('gives', new ProviderError('unavailable', '503', { cause: new Error() }))
  await ended('looks')
  expect(back).toEqual([])
  await ended('takes')
  expect(back).toEqual(['a'])
  await ended('takes')
  expect(back).toEqual(['a'])
})

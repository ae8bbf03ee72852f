import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type Lane,
  lanes,
  longestLine,
  nextTurn,
  type Place,
} from '../../../app/reconcile/turns/next-turn.ts'
import { startPace } from '../../../app/reconcile/turns/pace.ts'

const now = 1000
type Given = Partial<Omit<Place, 'waiting' | 'pace'>> & Partial<Place['pace']> & Partial<Record<Lane, number>>

const place = ({
  takes = 0,
  gives = 0,
  looks = 0,
  running = 0,
  others = 0,
  served = 0,
  ...pace
}: Given): Place => ({
  pace: { ...startPace(8), ...pace },
  running,
  others,
  served,
  waiting: { takes: { size: takes }, gives: { size: gives }, looks: { size: looks } },
})
const placesOf = (given: Readonly<Record<string, Given>>) =>
  new Map(Object.entries(given).map(([name, one]) => [name, place(one)]))

test.each<[string, Readonly<Record<string, Given>>, number, string | undefined]>([
  ['nobody waits', { a: {} }, 0, undefined],
  ['revocations before grants', { a: { gives: 9, looks: 9, takes: 1 } }, 0, 'a takes'],
  [
    'also those of a place that has just had its turn',
    { a: { takes: 1, served: 9 }, b: { gives: 9 } },
    0,
    'a takes',
  ],
  ['grants before comparisons', { a: { gives: 1, looks: 9 } }, 0, 'a gives'],
  ['but after a row of grants a comparison', { a: { gives: 9, looks: 1 } }, 7, 'a looks'],
  ['never before a revocation', { a: { gives: 9, looks: 1, takes: 1 } }, 7, 'a takes'],
  [
    'whose last turn is longest ago',
    { a: { takes: 9, served: 5 }, b: { takes: 1, served: 4 } },
    0,
    'b takes',
  ],
  ['not who is at the limit', { a: { takes: 9, running: 8 }, b: { takes: 1, served: 9 } }, 0, 'b takes'],
  ['a limit counts whole calls', { a: { takes: 9, running: 1, limit: 1.9 } }, 0, undefined],
  ['not who is to be left alone', { a: { takes: 9, notBefore: 1001 } }, 0, undefined],
  ['when that is over', { a: { takes: 9, notBefore: 1000 } }, 0, 'a takes'],
  ['a quarter is kept from grants', { a: { gives: 9, running: 6, others: 6 } }, 0, undefined],
  ['for revocations', { a: { gives: 9, takes: 1, running: 6, others: 6 } }, 0, 'a takes'],
  [
    'and of all together',
    { a: { gives: 9, served: 1 }, b: { running: 6, others: 6 }, c: { running: 6, others: 6 } },
    0,
    undefined,
  ],
  ['one grant goes where only one call may', { a: { gives: 1, limit: 1 } }, 0, 'a gives'],
  ['not more than all together', { a: { takes: 1 }, b: { running: 8 }, c: { running: 8 } }, 0, undefined],
])('%s', (_, given, row, expected) => {
  const next = nextTurn(placesOf(given), 16, row, now)
  expect(next && `${next.place} ${next.lane}`).toBe(expected)
})

test.each([
  ['as long as it likes', {}, Infinity],
  ['as many as may try a place that ails', { failures: 1, limit: 2.5 }, 2],
  ['for a moment', { failures: 1, limit: 2.5, notBefore: now + 2000 }, 2],
  ['not at all where nothing is sent for long', { failures: 1, limit: 2.5, notBefore: now + 2001 }, 0],
])('a line waits %s', (_, pace, most) => {
  expect(longestLine({ ...startPace(8), ...pace }, now)).toBe(most)
})

type Mutable = {
  running: number
  others: number
  served: number
  limit: number
  waiting: Record<Lane, { size: number }>
}

/** Calls come and end in any order; what waits must follow the rules at each turn. */
const happening = fc.array(
  fc.oneof(fc.record({ comes: fc.constantFrom(...lanes), at: fc.nat(3) }), fc.record({ ends: fc.nat(30) })),
  { maxLength: 200 },
)

test('never above a limit, revocations first, and of each lane every place in its turn', () => {
  fc.assert(
    fc.property(
      happening,
      fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 4, maxLength: 4 }),
      (all, limits) => {
        const most = 6
        const state = new Map<string, Mutable>(
          limits.map((limit, n) => [
            `${n}`,
            {
              running: 0,
              others: 0,
              served: 0,
              limit,
              waiting: { takes: { size: 0 }, gives: { size: 0 }, looks: { size: 0 } },
            },
          ]),
        )
        const view = () =>
          new Map([...state].map(([name, { limit, ...rest }]) => [name, { ...rest, pace: startPace(limit) }]))
        const going: { place: Mutable; lane: Lane }[] = []
        let turns = 0
        let row = 0
        const settle = () => {
          for (;;) {
            const next = nextTurn(view(), most, row, now)
            if (next === undefined) return
            const place = state.get(next.place)
            if (place === undefined) throw new Error('a turn for nobody')
            expect(place.waiting[next.lane].size).toBeGreaterThan(0)
            if (next.lane !== 'takes')
              for (const other of state.values())
                expect(other.waiting.takes.size === 0 || other.running >= other.limit).toBe(true)
            for (const other of state.values())
              if (other.waiting[next.lane].size > 0 && other.running === 0)
                expect(other.served).toBeGreaterThanOrEqual(place.served)
            place.waiting[next.lane].size--
            place.running++
            if (next.lane !== 'takes') {
              place.others++
              row = next.lane === 'gives' ? row + 1 : 0
            }
            place.served = ++turns
            going.push({ place, lane: next.lane })
            expect(going.length).toBeLessThanOrEqual(most)
            expect(place.running).toBeLessThanOrEqual(place.limit)
          }
        }
        const end = (n: number) => {
          const [one] = going.splice(n, 1)
          if (one === undefined) return
          one.place.running--
          if (one.lane !== 'takes') one.place.others--
          settle()
        }
        for (const one of all) {
          if ('ends' in one) end(going.length === 0 ? 0 : one.ends % going.length)
          else {
            const place = state.get(`${one.at}`)
            if (place !== undefined) place.waiting[one.comes].size++
            settle()
          }
        }
        // Nobody starves: once no more come, all have their turn.
        while (going.length > 0) end(0)
        for (const place of state.values()) for (const lane of lanes) expect(place.waiting[lane].size).toBe(0)
      },
    ),
  )
})

test('comparisons have their turn although grants never stop coming', () => {
  const places = placesOf({ a: { gives: 9, looks: 9 } })
  let row = 0
  const order = Array.from({ length: 24 }, () => {
    const lane = nextTurn(places, 16, row, now)?.lane
    row = lane === 'gives' ? row + 1 : 0
    return lane
  })
  expect(order.filter((lane) => lane === 'looks')).toHaveLength(3)
})

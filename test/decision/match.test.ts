import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assign, type Seat } from '../../app/decision/match.ts'

const seat = (count: number, ...eligible: number[]): Seat => ({ count, eligible: new Set(eligible) })
const met = (assignment: readonly (readonly number[])[]) =>
  assignment.reduce((sum, people) => sum + people.length, 0)

/** The most that any assignment meets, by trying them all. */
const best = (seats: readonly Seat[], people: readonly number[]): number => {
  const [person, ...rest] = people
  if (person === undefined) return 0
  const choices = seats.flatMap((one, index) =>
    one.count > 0 && one.eligible.has(person)
      ? [1 + best(seats.with(index, { ...one, count: one.count - 1 }), rest)]
      : [],
  )
  return Math.max(best(seats, rest), ...choices)
}

const person = fc.integer({ min: 1, max: 6 })
const seats = fc.array(
  fc.record({
    count: fc.integer({ min: 1, max: 3 }),
    eligible: fc.uniqueArray(person).map((ids) => new Set(ids)),
  }),
  { maxLength: 4 },
)
const people = fc.uniqueArray(person)

describe('assignment', () => {
  test('moves people to make room, along a chain', () => {
    expect(assign([seat(1, 1, 2), seat(1, 1, 3), seat(1, 1)], [1, 2, 3])).toEqual([[2], [3], [1]])
  })
  test('who moved to a seat stands there in order', () => {
    expect(assign([seat(1, 1, 3), seat(2, 1, 2)], [3, 2, 1])).toEqual([[3], [1, 2]])
  })
  test('never more than asked', () => {
    expect(assign([seat(1, 1, 2, 3)], [3, 2, 1])).toEqual([[1]])
    expect(assign([seat(2, 1, 2, 3)], [3, 2, 1])).toEqual([[1, 2]])
  })
  test('as many as brute force finds, each person once, each seat within its count', () => {
    fc.assert(
      fc.property(seats, people, (some, all) => {
        const found = assign(some, all)
        expect(met(found)).toBe(best(some, all))
        expect(new Set(found.flat()).size).toBe(met(found))
        for (const [index, ids] of found.entries()) {
          expect(ids.length).toBeLessThanOrEqual(some[index]?.count ?? 0)
          for (const id of ids) expect(some[index]?.eligible.has(id) && all.includes(id)).toBe(true)
        }
      }),
      { numRuns: 1000 },
    )
  })
  test('the same for people in any order, or named twice', () => {
    fc.assert(
      fc.property(seats, people, (some, all) => {
        expect(assign(some, [...all.toReversed(), ...all])).toEqual(assign(some, all))
      }),
    )
  })
  test('a chain of 2,000 people does not exhaust the stack', () => {
    const size = 2_000
    const chain = Array.from({ length: size }, (_, i) => seat(1, i, i + 1))
    expect(
      met(
        assign(
          chain,
          Array.from({ length: size }, (_, i) => size - i),
        ),
      ),
    ).toBe(size)
  })
})

import { expect, test } from 'vitest'
import { byId, byText } from '../../app/decision/order.ts'

const person = (id: number, login: string) => ({ id, login })

test.each([
  ['a', 'b', -1],
  ['b', 'a', 1],
  ['a', 'a', 0],
  // By code unit, whatever a locale says.
  ['B', 'a', -1],
  ['ä', 'z', 1],
])('%s and %s', (a, b, order) => {
  expect(byText(a, b)).toBe(order)
})

test('people, by their id and then by the login', () => {
  const people = [person(2, 'a'), person(1, 'b'), person(1, 'a')]
  expect(people.toSorted(byId)).toEqual([person(1, 'a'), person(1, 'b'), person(2, 'a')])
})

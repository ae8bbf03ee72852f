import { expect, test } from 'vitest'
import { createPullCheck } from '../../app/audit/compare/pulls.ts'
import { exampleEvents } from '../support/event-examples.ts'

const minute = 60_000
const now = Date.UTC(2026, 11, 1, 12)
const ago = (ms: number) => new Date(now - ms).toISOString()
/** The ledger began 5 h before `now`, decided on #1 three hours later, and lately on #9 of another repository. */
const events = (['grant.intended', 'grant.refused', 'policy.loaded'] as const).map((type, index) => {
  const { pull: _, ...example } = exampleEvents(type)[0]
  return [
    { ...example, repo: 7, pull: 1, at: ago(120 * minute) },
    { ...example, repo: 8, pull: 9, at: ago(minute) },
    { ...example, repo: 7, at: ago(300 * minute) },
  ][index]
})
const end = (number: number, at: string, ledgerEnds = false, repository = 7) => {
  const check = createPullCheck(repository, [{ number, at }], now, 60 * minute)
  for (const event of events) if (event !== undefined) check.see(event)
  return check.end(ledgerEnds)
}
const nothing = { compared: 0, waiting: 0, unknown: [], after: [] }

type Due = { compared?: number; waiting?: number; unknown?: number[]; after?: number[] }
test.each<[string, number, string, boolean, Due]>([
  ['decided', 1, ago(121 * minute), false, { compared: 1 }],
  ['without an event', 2, ago(61 * minute), false, { compared: 1, unknown: [2] }],
  ['with one about its number elsewhere', 9, ago(61 * minute), false, { compared: 1, unknown: [9] }],
  ['seconds ago', 2, ago(5_000), false, { waiting: 1 }],
  ['within the grant window', 2, ago(59 * minute), false, { waiting: 1 }],
  ['after the file', 2, ago(-90 * minute), false, { waiting: 1 }],
  ['before the ledger', 2, ago(301 * minute), false, {}],
  ['after the backup', 2, ago(61 * minute), true, { after: [2] }],
  ['and undecided when the backup was made', 2, ago(179 * minute), true, { after: [2] }],
  ['before the backup', 2, ago(181 * minute), true, { compared: 1, unknown: [2] }],
])('merged %s', (_, number, at, ledgerEnds, due) => {
  const { unknown = [], after = [], ...counts } = due
  const pulls = (numbers: readonly number[]) => numbers.map((one) => ({ number: one, at }))
  expect(end(number, at, ledgerEnds)).toEqual({
    ...nothing,
    ...{ ...counts, unknown: pulls(unknown), after: pulls(after) },
  })
})

test('of a repository that no event is about nothing is known', () =>
  expect(end(2, ago(61 * minute), false, 6)).toBeUndefined())

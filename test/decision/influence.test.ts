import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decide } from '../../app/decision/decide.ts'
import type { Facts } from '../../app/decision/facts.ts'
import { facts } from './arbitrary/facts.ts'
import { type Change, influences, losses, near, passes, words } from './influences.ts'

const seen = { passed: 0, refused: 0 }
const told = (value: Facts): boolean => {
  const passed = passes(value)
  seen[passed ? 'passed' : 'refused'] += 1
  return passed
}

const all = (value: Facts, changes: readonly Change[]): Facts =>
  changes.reduce((changed, change) => change(changed), value)
const runs = { numRuns: 500 }

describe('nothing that the pull request can influence raises a verdict', () => {
  test('its words, its comments, its files beside the request, its commits, strangers, drafts and reopenings', () => {
    fc.assert(
      fc.property(near, fc.array(influences, { minLength: 1, maxLength: 4 }), (value, changes) => {
        const before = told(value)
        if (passes(all(value, changes))) expect(before).toBe(true)
      }),
      runs,
    )
  })

  test('each request for itself, too: none passes that did not', () => {
    const passed = (value: Facts) =>
      decide(value).requests.flatMap(({ id, verdict }) => (verdict === 'passed' ? [id] : []))
    fc.assert(
      fc.property(near, influences, (value, change) => {
        const start = { ...value, moment: 'start' as const }
        expect(passed(value)).toEqual(expect.arrayContaining(passed(change(value))))
        expect(passed(start)).toEqual(expect.arrayContaining(passed(change(start))))
      }),
      runs,
    )
  })

  test('nor does what is taken away, or asked for besides', () => {
    fc.assert(
      fc.property(near, fc.array(losses, { minLength: 1, maxLength: 3 }), (value, changes) => {
        const before = told(value)
        if (passes(all(value, changes))) expect(before).toBe(true)
      }),
      runs,
    )
  })

  test('titles, bodies, labels and names do not even change a word', () => {
    fc.assert(
      fc.property(facts, words, (value, said) => {
        const more = { title: said, body: said, labels: [said], headRef: said }
        expect(decide({ ...value, ...more, pull: { ...value.pull, ...more } } as Facts)).toEqual(
          decide(value),
        )
      }),
      { numRuns: 300 },
    )
  })
})

test('the properties above were about something: enough passed, and enough did not', () => {
  const share = seen.passed / (seen.passed + seen.refused)
  expect(share).toBeGreaterThan(0.2)
  expect(share).toBeLessThan(0.8)
})

import { expect, test } from 'vitest'
import { shown, verdictOf } from '../../app/decision/rule.ts'
import { listed } from '../../app/request/listed.ts'

test.each([
  ['met', 'passed', 'passed'],
  ['waiting', 'action_required', 'denied'],
  ['unmet', 'denied', 'denied'],
  ['unknown', 'not_yet', 'not_yet'],
] as const)('%s is %s while open, %s after the merge', (outcome, open, merged) => {
  expect([verdictOf(outcome, 'forecast'), verdictOf(outcome, 'merge'), verdictOf(outcome, 'start')]).toEqual([
    open,
    merged,
    merged,
  ])
})

test.each([
  ['the blanks around it go', ' \t a  b\n', 'a b'],
  ['as much as is shown stays whole', 'x'.repeat(1000), 'x'.repeat(1000)],
])('one line is shown: %s', (_, text, line) => {
  expect(shown(text)).toBe(line)
})

test('of one character more it is told that there was more', () => {
  expect(shown('x'.repeat(1001))).toBe(`${'x'.repeat(999)}…`)
})

test('a list names as many as it may, and counts the others', () => {
  expect(listed(['a', 'b'], 2)).toBe('a, b')
  expect(listed(['a', 'b', 'c'], 2)).toBe('a, b and 1 more')
})

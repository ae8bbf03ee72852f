import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { decide } from '../../../app/decision/decide.ts'
import type { Decision, RuleNode } from '../../../app/decision/decision.ts'
import type { Facts } from '../../../app/decision/facts.ts'
import { merged, open } from '../fixture.ts'
import { policyCases } from './policy-cases.ts'
import { pullCases } from './pull-cases.ts'
import { requestCases } from './request-cases.ts'
import { reviewCases } from './review-cases.ts'
import { start } from './shapes.ts'

/** Facts. What is decided on them, rule for rule and word for word, is in `told.json`. */
const cases = { ...pullCases, ...requestCases, ...policyCases, ...reviewCases }

const lines = (node: RuleNode, depth: number): readonly string[] => [
  `${'  '.repeat(depth)}${node.outcome} ${[node.rule, node.title, node.needed, node.had, ...(node.remedy === undefined ? [] : [node.remedy])].join(' | ')}`,
  ...node.children.flatMap((child) => lines(child, depth + 1)),
]
const members = (value: object): readonly string[] =>
  Object.entries(value).flatMap(([name, one]) =>
    one === undefined ? [] : [`${name}: ${typeof one === 'string' ? one : JSON.stringify(one)}`],
  )
const whole = ({ tree, requests, ...rest }: Decision): readonly string[] => [
  ...members(rest),
  ...lines(tree, 0),
  ...requests.flatMap(({ tree: own, ...one }) => [...members(one), ...lines(own, 0)]),
]

/** What the decision of the same moment that passes does not say, after how much of what that says is not said. */
const tell = (facts: Facts): readonly string[] => {
  const base = { forecast: open, merge: merged, start }[facts.moment]
  const [was, is] = [whole(decide(base)), whole(decide(facts))]
  if (facts === base) return is
  return [
    `${was.filter((line) => !is.includes(line)).length} less`,
    ...is.filter((line) => !was.includes(line)),
  ]
}

const told = JSON.parse(readFileSync(new URL('./told.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, readonly string[]>
>

describe('what is decided, rule for rule and word for word', () => {
  test.each(Object.entries(cases))('%s', (name, facts) => {
    expect(tell(facts)).toEqual(told[name])
  })
  test('and of no other', () => {
    expect(Object.keys(told)).toEqual(Object.keys(cases))
  })
})

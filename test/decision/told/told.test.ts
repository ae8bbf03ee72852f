import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { digestOf } from '../../../app/audit/digest.ts'
import { decide } from '../../../app/decision/decide.ts'
import type { Decision, RuleNode } from '../../../app/decision/decision.ts'
import { asEarlier } from '../../../app/decision/earlier.ts'
import { merged, open } from '../fixture.ts'
import { base } from '../proposal.ts'
import { policyCases } from './policy-cases.ts'
import { decided, proposalCases } from './proposal-cases.ts'
import { pullCases } from './pull-cases.ts'
import { renewalCases, renewed } from './renewal-cases.ts'
import { requestCases } from './request-cases.ts'
import { reviewCases } from './review-cases.ts'
import { start } from './shapes.ts'

const passes = { forecast: open, merge: merged, start }

/** By name: what is decided, and what of the same moment passes. All of it, word for word, is in `told.json`. */
const cases: Readonly<Record<string, () => readonly [Decision, Decision?]>> = Object.fromEntries([
  ...Object.entries({ ...pullCases, ...requestCases, ...policyCases, ...reviewCases }).map(
    ([name, facts]) => {
      const passing = passes[facts.moment]
      return [name, () => (facts === passing ? [decide(facts)] : [decide(facts), decide(passing)])]
    },
  ),
  ...renewalCases.map((one) => [`renewal: ${one.name}`, () => [decide(renewed(one)), decide(open)]]),
  ...proposalCases.map(({ name, from = base, ...changes }) => [
    `policies: ${name}`,
    () =>
      Object.keys(changes).some((key) => key !== 'verdict' && key !== 'summary')
        ? [decided({ from, ...changes }), decided({ from })]
        : [decided({ from })],
  ]),
])

const lines = (node: RuleNode, depth: number): readonly string[] => [
  `${'  '.repeat(depth)}${node.outcome} ${[node.rule, node.title, node.needed, node.had, ...(node.remedy === undefined ? [] : [node.remedy])].join(' | ')}`,
  ...node.children.flatMap((child) => lines(child, depth + 1)),
]
const members = (value: object): readonly string[] =>
  Object.entries(value).map(
    ([name, one]) =>
      `${name}: ${typeof one === 'string' ? one : JSON.stringify(one, (_, member) => member ?? String(member))}`,
  )
const whole = ({ tree, requests, policies, ...rest }: Decision): readonly string[] => [
  ...members(rest),
  ...members(policies ?? {}),
  ...lines(tree, 0),
  ...requests.flatMap(({ tree: own, ...one }) => [...members(one), ...lines(own, 0)]),
]

/** What the one that passes does not say, after how much of what that says is not said; all of it without one. */
const tell = ([decision, passing]: readonly [Decision, Decision?]): readonly string[] => {
  const is = whole(decision)
  if (passing === undefined) return is
  const was = whole(passing)
  return [
    `${was.filter((line) => !is.includes(line)).length} less`,
    ...is.filter((line) => !was.includes(line)),
  ]
}

const read = (file: string) => JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8'))
const told: Readonly<Record<string, readonly string[]>> = read('./told.json')
/** Those of the release that first decided each, whatever this one says in other words. */
const digests: Readonly<Record<string, string>> = read('./digests.json')
/** The number of a review counts those of the cases before. */
const digest = (decision: Decision): string =>
  digestOf(JSON.parse(JSON.stringify(decision, (key, value) => (key === 'review' ? 0 : value))))

describe('what is decided, rule for rule and word for word', () => {
  test.each(Object.entries(cases))('%s', (name, one) => {
    expect(tell(one())).toEqual(told[name])
  })
  test('and of no other', () => {
    expect(Object.keys(told)).toEqual(Object.keys(cases))
    expect(Object.keys(digests)).toEqual(Object.keys(cases))
  })
})

describe('what was decided before is known again by its digest, in the words of that release', () => {
  test.each(Object.entries(cases))('%s', (name, one) => {
    const [decision] = one()
    expect([decision, ...asEarlier(decision)].map(digest)).toContain(digests[name])
  })
})

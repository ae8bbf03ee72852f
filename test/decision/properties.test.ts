import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { annotationsOf } from '../../app/decision/annotations.ts'
import { decide } from '../../app/decision/decide.ts'
import type { Facts, PolicyFacts, RequestFacts } from '../../app/decision/facts.ts'
import { decisionMarkdown } from '../../app/decision/render-markdown.ts'
import { decisionText } from '../../app/decision/render-text.ts'
import { facts } from './arbitrary/facts.ts'
import { entry } from './arbitrary/policies.ts'
import { person } from './arbitrary/pools.ts'
import { contributor, review } from './arbitrary/reviews.ts'
import { shuffled } from './arbitrary/shuffled.ts'
import { unpainted } from './paint.ts'

const runs = { numRuns: 400 }
const passes = (value: Facts) => decide(value).verdict === 'passed'
/** Whatever `change` does, what did not pass does not pass after it. */
const neverHelps = <T>(change: (value: Facts, extra: T) => Facts, extra: fc.Arbitrary<T>) =>
  fc.assert(
    fc.property(facts, extra, (value, more) => {
      fc.pre(!passes(value))
      expect(decide(change(value, more)).verdict).not.toBe('passed')
    }),
    runs,
  )

const withPolicies = (value: Facts, change: (said: PolicyFacts) => PolicyFacts): Facts => ({
  ...value,
  requests: value.requests.map((one: RequestFacts) => ({
    ...one,
    ...(one.policies === undefined ? {} : { policies: change(one.policies) }),
  })),
})

describe('for any facts', () => {
  test('there is a decision, and it can be shown everywhere', () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(facts, (value) => {
        const decision = decide(value)
        seen.add(`${value.moment} ${decision.verdict}`)
        decisionMarkdown(decision)
        decisionText(decision, unpainted)
        annotationsOf(decision)
        expect(decision.summary).not.toBe('')
      }),
      { numRuns: 1500 },
    )
    // The generator reaches every verdict, so the properties below are about something.
    expect([...seen].sort()).toEqual(
      expect.arrayContaining([
        'forecast action_required',
        'forecast denied',
        'forecast not_yet',
        'forecast passed',
        'merge denied',
        'merge not_yet',
        'merge passed',
        'start passed',
      ]),
    )
  })

  test('a decision passes only with all of its requests, and nothing waits after the merge', () => {
    fc.assert(
      fc.property(facts, (value) => {
        const { verdict, requests, moment } = decide(value)
        expect(verdict === 'passed').toBe(requests.every((one) => one.verdict === 'passed'))
        if (moment !== 'start')
          for (const one of requests) expect(one.verdict === 'passed').toBe(verdict === 'passed')
        if (moment !== 'forecast') expect(verdict).not.toBe('action_required')
      }),
      runs,
    )
  })

  test('whoever approved met exactly one requirement, and is neither requester nor author nor contributor', () => {
    fc.assert(
      fc.property(facts, (value) => {
        for (const [index, one] of decide({ ...value, moment: 'start' }).requests.entries()) {
          const ids = one.approvedBy.map(({ id }) => id)
          if (value.requests[index]?.policiesToo === undefined) expect(new Set(ids).size).toBe(ids.length)
          expect(ids).not.toContain(value.pull.author.id)
          for (const other of value.contributors)
            if ('person' in other) expect(ids).not.toContain(other.person.id)
          for (const { requester } of value.requests.filter(({ id }) => id === one.id)) {
            if (requester !== undefined && 'person' in requester)
              expect(ids).not.toContain(requester.person.id)
          }
        }
      }),
      runs,
    )
  })

  test('the order of lists does not matter', () => {
    fc.assert(
      fc.property(facts, fc.nat(), (value, seed) => {
        expect(decide(shuffled(value, seed))).toEqual(decide(value))
      }),
      runs,
    )
  })
})

describe('what never helps', () => {
  test("taking away somebody's approvals", () => {
    neverHelps(
      (value, { id }) => ({
        ...value,
        reviews: value.reviews.filter(
          ({ reviewer, state, payload }) =>
            reviewer?.id !== id || state !== 'approved' || payload?.state !== 'approved',
        ),
      }),
      person,
    )
  })

  test('one more requirement', () => {
    neverHelps(
      (value, more) =>
        withPolicies(value, (said) => ({
          ...said,
          approval: said.approval.map((one) =>
            one.outcome.kind === 'value' && (one.outcome.required?.length ?? 0) > 0
              ? { ...one, outcome: { ...one.outcome, required: [...(one.outcome.required ?? []), more] } }
              : one,
          ),
        })),
      entry,
    )
  })

  test('a policy that denies', () => {
    neverHelps(
      (value, deny) =>
        withPolicies(value, (said) => ({
          ...said,
          eligibility: said.eligibility.map((one) =>
            one.outcome.kind === 'value' ? { ...one, outcome: { ...one.outcome, deny: [deny] } } : one,
          ),
        })),
      fc.string(),
    )
  })

  test('comments', () => {
    neverHelps(
      (value, { payload, ...comment }) => ({
        ...value,
        reviews: [
          ...value.reviews,
          {
            ...comment,
            state: 'commented',
            ...(payload === undefined ? {} : { payload: { ...payload, state: 'commented' as const } }),
          },
        ],
      }),
      review,
    )
  })

  test('reviews by the author, the requester, outsiders and bots', () => {
    neverHelps(
      (value, { one, who }) => {
        const requester = value.requests[0]?.requester
        const outsider = { id: 666, login: 'mallory' }
        const own =
          requester !== undefined && 'person' in requester && value.requests.length === 1
            ? requester.person
            : outsider
        const by = {
          author: { ...value.pull.author, type: 'User' as const },
          requester: { ...own, type: 'User' as const },
          outsider: { ...outsider, type: 'User' as const },
          bot: { id: 2, login: 'bot', type: 'Bot' as const },
        }
        return { ...value, reviews: [...value.reviews, { ...one, reviewer: by[who] }] }
      },
      fc.record({
        one: review,
        who: fc.constantFrom('author' as const, 'requester' as const, 'outsider' as const, 'bot' as const),
      }),
    )
  })

  test('more contributors', () => {
    neverHelps((value, more) => ({ ...value, contributors: [...value.contributors, more] }), contributor)
  })

  test('more paths', () => {
    neverHelps(
      (value, more) => ({ ...value, changes: [...value.changes, more] }),
      fc.record({
        path: fc.constantFrom(
          'requests/2026/12/a.yaml',
          'requests/2026/12/c.yaml',
          'policies/x.rego',
          'README.md',
          'Requests',
          '',
        ),
        kind: fc.constantFrom('added' as const, 'changed' as const, 'deleted' as const),
        mode: fc.constantFrom('100644', '100755', '120000'),
      }),
    )
  })

  test('trouble, or a draft, or time gone by', () => {
    neverHelps((value, trouble) => ({ ...value, troubles: [...value.troubles, trouble] }), fc.string())
    neverHelps((value) => ({ ...value, pull: { ...value.pull, draft: true } }), fc.constant(0))
  })
})

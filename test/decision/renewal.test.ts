import { describe, expect, test } from 'vitest'
import { decide } from '../../app/decision/decide.ts'
import type { Terms, Verdict } from '../../app/decision/decision.ts'
import type { Facts, Precedent, ReviewFact } from '../../app/decision/facts.ts'
import { foldPolicyLedger } from '../../app/decision/policy-ledger.ts'
import { precedentOf } from '../../app/decision/renewal.ts'
import { writeInstant } from '../../app/request/instant.ts'
import {
  alice,
  approval,
  bob,
  carol,
  group,
  minute,
  now,
  open,
  patched,
  policies,
  review,
  says,
  users,
} from './fixture.ts'

const since = now - 20 * minute
const [before, after] = [{ storedAt: since }, { storedAt: since + 1 }]
const human = (asks: readonly string[], met = true): Terms => ({ tier: 'human', asks, met })
const sre = ['1 of group sre']

type Case = {
  readonly name: string
  readonly precedent?: Precedent
  readonly reviews?: readonly ReviewFact[]
  readonly headAt?: number
  readonly approval?: Parameters<typeof approval>[1]
  readonly facts?: Partial<Facts>
  readonly verdict: Verdict
  readonly had?: string
}
const auto = { tier: 'auto' }
const old = 'given under the old policy'
const nothingNew = 'nothing came since the policies changed'

const cases: readonly Case[] = [
  { name: 'the same is asked for', precedent: { last: { terms: human(sre) } }, verdict: 'passed' },
  {
    name: 'more was asked for',
    precedent: { last: { terms: human(['2 of group sre']) } },
    verdict: 'action_required',
    had: old,
  },
  {
    name: 'another group',
    precedent: { last: { terms: human(['1 of group leads']) } },
    verdict: 'action_required',
    had: old,
  },
  {
    name: 'nobody was asked for',
    precedent: { last: { terms: { tier: 'auto', asks: [], met: true } } },
    verdict: 'action_required',
    had: old,
  },
  { name: 'nothing was decided', precedent: {}, verdict: 'action_required', had: old },
  { name: 'nothing was asked', precedent: { last: {} }, verdict: 'action_required', had: old },
  { name: 'approved again', precedent: {}, reviews: [review(bob, 'approved', after)], verdict: 'passed' },
  {
    name: 'approved by one before and one after',
    precedent: { last: { terms: human(['1 of group security']) } },
    approval: { required: [group('sre', 2)] },
    reviews: [review(bob, 'approved', before), review(carol, 'approved', after)],
    verdict: 'action_required',
  },
  {
    name: 'the same, with one more who comes after',
    precedent: { last: { terms: human(['2 of group sre'], false) } },
    approval: { required: [group('sre', 2)] },
    reviews: [review(bob, 'approved', before), review(carol, 'approved', after)],
    verdict: 'passed',
  },
  {
    name: 'a refusal from before still stands',
    precedent: {},
    reviews: [review(bob, 'changes_requested', before), review(carol, 'approved', after)],
    verdict: 'denied',
  },
  {
    name: 'an earlier change voids what came before it',
    precedent: { last: { terms: human(sre) }, since: since - 5 },
    reviews: [review(bob, 'approved', { storedAt: since - 5 })],
    verdict: 'action_required',
    had: old,
  },
  {
    name: 'and nothing that came after it',
    precedent: { last: { terms: human(sre) }, since: since - 5 },
    reviews: [review(bob, 'approved', { storedAt: since - 4 })],
    verdict: 'passed',
  },
  {
    name: 'did not pass before, and nothing is new',
    precedent: { last: { terms: human(sre, false) } },
    verdict: 'action_required',
    had: nothingNew,
  },
  {
    name: 'did not pass before, and was pushed since',
    precedent: { last: { terms: human(sre, false) } },
    headAt: since + 1,
    verdict: 'passed',
  },
  {
    name: 'did not pass before, and was pushed just then',
    precedent: { last: { terms: human(sre, false) } },
    headAt: since,
    verdict: 'action_required',
  },
  {
    name: 'fell to auto',
    precedent: { last: { terms: human(sre) } },
    approval: auto,
    verdict: 'action_required',
    had: nothingNew,
  },
  {
    name: 'fell to auto, pushed',
    precedent: { last: { terms: human(sre) } },
    approval: auto,
    headAt: since + 1,
    verdict: 'passed',
  },
  {
    name: 'fell to auto, approved',
    precedent: { last: { terms: human(sre) } },
    approval: auto,
    reviews: [review(bob, 'approved', after)],
    verdict: 'passed',
  },
  {
    name: 'fell to auto, approved by its author',
    precedent: { last: { terms: human(sre) } },
    approval: auto,
    reviews: [review(alice, 'approved', after)],
    verdict: 'action_required',
    had: nothingNew,
  },
  {
    name: 'fell to auto, approved beside somebody unknown',
    precedent: { last: { terms: human(sre) } },
    approval: auto,
    reviews: [review(bob, 'approved', after)],
    facts: { contributors: [{ as: 'author', unresolved: 'x@y', remedy: 'add it' }] },
    verdict: 'action_required',
  },
  {
    name: 'was auto and stays so',
    precedent: { last: { terms: { tier: 'auto', asks: [], met: true } } },
    approval: auto,
    verdict: 'passed',
  },
  {
    name: 'the first policies of all',
    facts: { policy: { commit: 'c'.repeat(40) } },
    precedent: {},
    verdict: 'passed',
  },
]

describe('after the accepted policies changed (trust.md 1.9)', () => {
  test.each(cases)(
    '$name → $verdict',
    ({
      precedent,
      reviews = [review(bob, 'approved', before)],
      headAt,
      approval: asks,
      facts,
      verdict,
      had,
    }) => {
      const value = patched(open, {
        facts: { reviews, policy: { commit: 'c'.repeat(40), since }, ...facts },
        request: precedent === undefined ? {} : { precedent },
        pull: headAt === undefined ? {} : { headAt },
        policies: {
          approval: [
            approval('production', {
              required: [group('sre')],
              ...asks,
              ...(asks?.tier === 'auto' ? { required: [] } : {}),
            }),
          ],
        },
      })
      const decision = decide(value)
      expect({ verdict: decision.verdict, summary: decision.summary }).toMatchObject({ verdict })
      if (had !== undefined) expect(JSON.stringify(decision.requests)).toContain(had)
    },
  )

  test('a decision holds what was asked for, whoever belongs to it', () => {
    const terms = (more: Partial<typeof policies>) =>
      decide(patched(open, { policies: more })).requests[0]?.terms
    const first = terms({})
    expect(first).toEqual({ tier: 'human', asks: sre, met: true })
    expect(terms({ groups: [{ name: 'sre', members: [alice, bob] }] })).toEqual(first)
    expect(terms({ approval: [approval('renamed', { required: [group('sre')] })] })).toEqual(first)
    expect(terms({ approval: [approval('x', { required: [users('dave', 'carol')] })] })?.asks).toEqual([
      '1 of users 3 4',
    ])
    expect(terms({ approval: [approval('x', {}, [says(bob, true)])] })?.asks).toEqual(['1 of policy x 2'])
  })

  test('what is disabled by hand changes nothing of what was asked for', () => {
    const decision = decide(
      patched(open, {
        policies: { approval: [approval('x', { tier: 'auto', required: [] })] },
        request: { policiesToo: policies },
      }),
    )
    expect(decision.requests[0]?.terms?.asks).toEqual(sre)
  })

  test('precedents: the last under other policies, and the last change of what was asked for', () => {
    const one = human(['1 of group a'])
    const other = human(['1 of group b'])
    const at = (commit: string) => ({ p1: 10, p2: 20, p3: 30 })[commit]
    const of = (...records: readonly (readonly [string, Terms?])[]) =>
      precedentOf(
        records.map(([commit, terms]) => ({ commit, ...(terms === undefined ? {} : { terms }) })),
        'p3',
        at,
      )
    expect(of()).toEqual({})
    expect(of(['p3', one])).toEqual({})
    expect(of(['p1', one], ['p3', other])).toEqual({ last: { terms: one }, since: 30 })
    expect(of(['p1', one], ['p2', one])).toEqual({ last: { terms: one } })
    expect(of(['p1', one], ['p2', other], ['p3', other])).toEqual({ last: { terms: other }, since: 20 })
    expect(of(['p1', one], ['p2', other], ['p1', one])).toEqual({ last: { terms: one }, since: 20 })
    expect(of(['p1', one], ['p1', other], ['p2', other])).toEqual({ last: { terms: other } })
    expect(of(['p1'], ['p2', one])).toEqual({ last: { terms: one }, since: 20 })
  })
})

test("accepted commits follow each other; what takes nobody's place is nothing", () => {
  const event = (
    type: 'policy.accepted' | 'policy.refused' | 'policy.loaded',
    commit: string,
    at: number,
    previous = '',
  ) => ({
    v: 1 as const,
    type,
    at: writeInstant(at),
    actor: { kind: 'app' as const, id: 'gitsudo' },
    repo: 1,
    pull: at,
    commit,
    data: { previous, why: 'w' },
  })
  const ledger = foldPolicyLedger('a', [
    event('policy.loaded', 'a', 1),
    event('policy.accepted', 'b', 2, 'a'),
    event('policy.loaded', 'b', 3),
    event('policy.refused', 'x', 4, 'b'),
    event('policy.accepted', 'c', 5, 'a'),
    event('policy.accepted', 'b', 2, 'a'),
    event('policy.loaded', 'a', 1),
  ])
  expect(ledger.accepted).toBe('b')
  expect(ledger.lastLoaded).toBe('b')
  expect(ledger.verdicts).toEqual([
    { accepted: true, commit: 'b', pull: 2, why: 'w' },
    { accepted: false, commit: 'x', pull: 4, why: 'w' },
  ])
})

import { describe, expect, test } from 'vitest'
import {
  agreed,
  evaluationsIn,
  mostEvaluations,
  mostReadings,
  readings,
} from '../../app/decision/readings.ts'
import type { ApprovalValue, EligibilityValue } from '../../app/policy/result.ts'
import type { PolicyAnswer, PolicyQuestion, PolicyUser } from '../../app/reconcile/ports/evaluator.ts'
import { alice, ask, dave } from '../policy/question.ts'

const digests = { input: 'i', wasm: 'w', data: 'd' }
const bob: PolicyUser = { ...dave, id: 1002, login: 'bob', groups: ['sre'] }
const groups = ['a', 'sre', 'b', 'platform', 'developers', 'c']
const unread = (teams: readonly (readonly string[])[], each = false) => ({
  teams,
  groups,
  mayBelong: (id: number) => id !== dave.id,
  each,
  cost: 1,
  room: mostEvaluations,
})
const shown = ({ requester, author, reviewers }: PolicyQuestion) =>
  [requester, author, ...reviewers].map(({ groups: of }) => of.join(' '))

describe('every way in which people may belong', () => {
  test.each<
    [string, PolicyQuestion, readonly (readonly string[])[], boolean, readonly (readonly string[])[]]
  >([
    ['nobody asks where all are known', ask(alice), [], false, []],
    ['who asks for himself is one', ask(alice), [['a']], false, [['a sre platform', 'a sre platform']]],
    [
      'in the order of all groups',
      ask(alice),
      [['c', 'b']],
      false,
      [['sre b platform c', 'sre b platform c']],
    ],
    [
      'the author by himself',
      ask(alice, {}, { author: bob }),
      [['a']],
      false,
      [
        ['a sre platform', 'sre'],
        ['sre platform', 'a sre'],
        ['a sre platform', 'a sre'],
      ],
    ],
    [
      'reviewers where they are asked about, and the author is one',
      ask(alice, {}, { author: bob, reviewers: [bob, { ...alice, id: 7 }] }),
      [['a']],
      true,
      [
        ['a sre platform', 'sre', 'sre', 'sre platform'],
        ['sre platform', 'a sre', 'a sre', 'sre platform'],
        ['a sre platform', 'a sre', 'a sre', 'sre platform'],
        ['sre platform', 'sre', 'sre', 'a sre platform'],
        ['a sre platform', 'sre', 'sre', 'a sre platform'],
        ['sre platform', 'a sre', 'a sre', 'a sre platform'],
        ['a sre platform', 'a sre', 'a sre', 'a sre platform'],
      ],
    ],
    ['not who belongs to nothing', ask(dave), [['a']], false, [['developers', 'developers']]],
  ])('%s', (_, question, teams, each, expected) => {
    expect(readings(question, unread(teams, each))?.map(shown)).toEqual(expected)
  })

  test('and at most so many', () => {
    const teams = (count: number) => Array.from({ length: count }, () => ['a'])
    expect(readings(ask(alice), unread(teams(6)))).toHaveLength(mostReadings - 1)
    expect(readings(ask(alice), unread(teams(7)))).toBeUndefined()
    expect(readings(ask(alice, {}, { author: bob }), unread(teams(4)))).toBeUndefined()
    expect(readings(ask(alice), unread(teams(4), true))).toBeUndefined()
  })

  test.each<[string, number, boolean, { readonly cost: number; readonly room: number }, number | undefined]>([
    ['one team, and what there is room for', 1, false, { cost: 1000, room: 1000 }, 1],
    ['one evaluation more', 1, false, { cost: 1001, room: 1000 }, undefined],
    ['two teams and 200 people', 2, true, { cost: 202, room: mostEvaluations }, undefined],
    ['two teams and a few people', 2, true, { cost: 12, room: mostEvaluations }, 15],
    ['no room', 1, false, { cost: 1, room: 0 }, undefined],
    ['no team', 0, true, { cost: 1, room: 0 }, 0],
  ])('in as many evaluations as there is room for: %s', (_, teams, each, of, expected) => {
    const all = {
      ...unread(
        Array.from({ length: teams }, () => ['a']),
        each,
      ),
      ...of,
    }
    expect(readings(ask(alice), all)?.length).toBe(expected)
  })
})

type May = Partial<EligibilityValue> | 'error' | 'trouble'
type Wants = Partial<ApprovalValue> | 'error' | 'trouble'
type Says = Readonly<Record<string, boolean | 'error'>>
const failed = (kind: 'error' | 'trouble') => ({ kind, why: 'it broke' })
const answer = (may: readonly May[], wants: Wants = {}, says: Says = {}): PolicyAnswer => ({
  eligibility: may.map((of, n) => ({
    policy: `may-${n}`,
    digests,
    outcome:
      typeof of === 'string'
        ? failed(of)
        : {
            kind: 'value',
            allow: true,
            reason: '',
            deny: [],
            allowBreakGlass: false,
            allowOnBehalfOf: false,
            ...of,
          },
  })),
  approval: [
    {
      policy: 'must',
      digests,
      outcome:
        typeof wants === 'string'
          ? failed(wants)
          : { kind: 'value', applies: true, tier: 'human', deny: [], ...wants },
      reviewers: Object.entries(says).map(([id, allow]) => ({
        reviewerId: Number(id),
        digests,
        outcome: allow === 'error' ? failed('error') : { kind: 'value', allow },
      })),
    },
  ],
  hints: ['30m would pass'],
  evidence: [],
})
test.each<[string, PolicyAnswer, number]>([
  ['each policy', answer([{}, {}]), 3],
  ['each reviewer', answer([{}], {}, { 7: true, 8: false }), 4],
])('%s is an evaluation', (_, of, expected) => {
  expect(evaluationsIn(of)).toBe(expected)
})

const no = { allow: false }
const denied = { deny: ['a contractor'] }
const why = 'it depends on who is in team acme/sre'

/** Which policies, and which reviewers, are in trouble. */
const inDoubt = ({ eligibility, approval }: PolicyAnswer) => [
  ...[...eligibility, ...approval].flatMap(({ policy, outcome }) =>
    outcome.kind === 'trouble' && outcome.why === why ? [policy] : [],
  ),
  ...approval.flatMap(({ reviewers }) =>
    reviewers.flatMap(({ reviewerId, outcome }) => (outcome.kind === 'trouble' ? [String(reviewerId)] : [])),
  ),
]
const said = (
  base: PolicyAnswer,
  others: readonly PolicyAnswer[] | undefined,
  heard: readonly number[] = [],
) => agreed(base, others, new Set(heard), why)

describe('what holds whoever is in them', () => {
  test.each<[string, PolicyAnswer, readonly PolicyAnswer[]]>([
    ['nothing else is said', answer([{}]), [answer([{}]), answer([{}])]],
    ['other words', answer([{ reason: 'on call' }]), [answer([{ reason: 'in sre' }])]],
    ['another allows it anyhow', answer([{}, no]), [answer([{}, {}])]],
    ['another refuses it anyhow', answer([denied, no]), [answer([denied, {}])]],
    ['a refusal for another reason', answer([denied]), [answer([{ deny: ['b'] }]), answer(['error'])]],
    ['nobody allows it', answer([no, no]), [answer([no, no])]],
    ['what does not apply', answer([{}], { applies: false }), [answer([{}], { applies: false, tier: 'x' })]],
    ['an approval that is refused', answer([{}], 'error'), [answer([{}], { deny: ['no'] })]],
    ['who may approve', answer([{}], {}, { 7: true, 8: false }), [answer([{}], {}, { 7: true, 8: false })]],
    ['who said nothing', answer([{}], {}, { 7: true, 8: false }), [answer([{}], {}, { 7: true, 8: true })]],
  ])('%s', (_, base, others) => {
    const { sure, ...whole } = said(base, others, [7])
    expect(sure).toBe(true)
    expect(whole).toEqual(base)
  })

  test.each<[string, PolicyAnswer, readonly PolicyAnswer[], readonly string[]]>([
    ['a ban in one reading', answer([{}]), [answer([{}]), answer([denied])], ['may-0']],
    ['a ban by another policy', answer([{}, no]), [answer([{}, denied])], ['may-1']],
    ['a failure', answer([{}]), [answer(['error'])], ['may-0']],
    ['no answer', answer([{}]), [answer(['trouble'])], ['may-0']],
    ['members may ask', answer([no, no]), [answer([no, {}])], ['may-1']],
    ['others than members may ask', answer([{}]), [answer([no])], ['may-0']],
    ['who may ask for others', answer([{ allowOnBehalfOf: true }]), [answer([{}])], ['may-0']],
    ['break-glass', answer([{ allowBreakGlass: true }]), [answer([{}])], ['may-0']],
    ['more is asked of members', answer([{}], { applies: false }), [answer([{}])], ['must']],
    [
      'others are asked',
      answer([{}], { approverGroup: 'a' }),
      [answer([{}], { approverGroup: 'b' })],
      ['must'],
    ],
    ['nobody has to approve', answer([{}]), [answer([{}], { tier: 'auto' })], ['must']],
    ['an approval policy refuses', answer([{}]), [answer([{}], { deny: ['no'] })], ['must']],
    [
      'a review that is there',
      answer([{}], {}, { 7: false, 8: true }),
      [answer([{}], {}, { 7: true, 8: true })],
      ['7'],
    ],
    ['the only ones to be asked', answer([{}], {}, { 8: false }), [answer([{}], {}, { 8: true })], ['8']],
    ['a failure about one', answer([{}], {}, { 7: false }), [answer([{}], {}, { 7: 'error' })], ['7']],
    ['one who is not asked about', answer([{}], {}, { 7: false }), [answer([{}])], ['7']],
  ])('not: %s', (_, base, others, expected) => {
    const found = said(base, others, [7])
    expect(inDoubt(found)).toEqual(expected)
    expect(found).toMatchObject({ sure: false, hints: [] })
  })

  test('nothing, where there are too many ways to ask', () => {
    const found = said(answer([{}, denied], {}, { 7: true }), undefined)
    expect(inDoubt(found)).toEqual(['may-0', 'may-1', 'must'])
    expect(found.sure).toBe(false)
  })
})

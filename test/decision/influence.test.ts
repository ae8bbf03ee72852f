import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decide } from '../../app/decision/decide.ts'
import type { Facts, PolicyFacts, RequestFacts, ReviewFact } from '../../app/decision/facts.ts'
import { contributor, facts, person, review } from './arbitrary.ts'

const passes = (value: Facts): boolean => decide(value).verdict === 'passed'
const seen = { passed: 0, refused: 0 }
const told = (value: Facts): boolean => {
  const passed = passes(value)
  seen[passed ? 'passed' : 'refused'] += 1
  return passed
}

const eachRequest = (value: Facts, change: (one: RequestFacts) => RequestFacts): Facts => ({
  ...value,
  requests: value.requests.map(change),
})
const eachPolicy = (value: Facts, change: (said: PolicyFacts) => PolicyFacts): Facts =>
  eachRequest(value, (one) => (one.policies === undefined ? one : { ...one, policies: change(one.policies) }))
const without = <T extends object, K extends keyof T>(value: T, key: K): Omit<T, K> => {
  const { [key]: _, ...rest } = value
  return rest
}
type Change = (value: Facts) => Facts
const isApproval = ({ state, payload }: ReviewFact): boolean =>
  state === 'approved' || payload?.state === 'approved'

/** Who leaves the group takes a no along, which is no loss. */
const asksForChanges =
  (id: number) =>
  ({ reviewer, state, payload }: ReviewFact): boolean =>
    reviewer?.id === id && (state === 'changes_requested' || payload?.state === 'changes_requested')

/** What was there and no longer is, or what is asked for besides: each may end an approval, none may make one. */
const losses: fc.Arbitrary<Change> = fc.oneof(
  person.map(
    ({ id }): Change =>
      (value) => ({
        ...value,
        reviews: value.reviews.filter((one) => one.reviewer?.id !== id || !isApproval(one)),
      }),
  ),
  fc.nat(11).map(
    (at): Change =>
      (value) => ({
        ...value,
        reviews: value.reviews.map((one, index) =>
          index === at && isApproval(one) ? { ...one, state: 'dismissed' } : one,
        ),
      }),
  ),
  fc.nat(11).map(
    (at): Change =>
      (value) => ({
        ...value,
        reviews: value.reviews.map((one, index) =>
          index === at && isApproval(one) ? { ...one, permission: 'none' } : one,
        ),
      }),
  ),
  fc.nat(11).map(
    (at): Change =>
      (value) => ({
        ...value,
        reviews: value.reviews.map((one, index) =>
          index === at && isApproval(one) ? { ...one, blobs: {} } : one,
        ),
      }),
  ),
  person.map(
    ({ id }): Change =>
      (value) =>
        eachPolicy(value, (said) => ({
          ...said,
          groups: said.groups.map((one) =>
            'members' in one && !value.reviews.some(asksForChanges(id))
              ? { ...one, members: one.members.filter((member) => member.id !== id) }
              : one,
          ),
        })),
  ),
  fc.constant<Change>((value) =>
    eachPolicy(value, (said) => ({
      ...said,
      approval: said.approval.map((one) =>
        one.outcome.kind !== 'value'
          ? one
          : {
              ...one,
              outcome: {
                ...one.outcome,
                ...(one.outcome.required === undefined
                  ? {}
                  : {
                      required: one.outcome.required.map((entry) => ({ ...entry, count: entry.count + 1 })),
                    }),
              },
            },
      ),
    })),
  ),
  fc.constant<Change>((value) =>
    eachPolicy(value, (said) => ({
      ...said,
      eligibility: said.eligibility.map((one) =>
        one.outcome.kind === 'value' ? { ...one, outcome: { ...one.outcome, allow: false } } : one,
      ),
    })),
  ),
)

const words = fc.string()
const comment = review.map(
  (one): ReviewFact => ({
    ...one,
    state: 'commented',
    ...(one.payload === undefined ? {} : { payload: { ...one.payload, state: 'commented' } }),
  }),
)
const outsider = { id: 666, login: 'mallory' }
/** Everything about a pull request that whoever opens it, or passes by, can bring about. */
const influences: fc.Arbitrary<Change> = fc.oneof(
  // Title, body, labels and names of branches are no facts: even where they were given, nothing reads them.
  fc
    .record({ title: words, body: words, labels: fc.array(words), headRef: words, comments: fc.array(words) })
    .map(
      (said): Change =>
        (value) => ({ ...value, ...said, pull: { ...value.pull, ...said } }),
    ),
  comment.map(
    (one): Change =>
      (value) => ({ ...value, reviews: [...value.reviews, one] }),
  ),
  review.map(
    (one): Change =>
      (value) => ({
        ...value,
        reviews: [...value.reviews, { ...one, reviewer: { ...value.pull.author, type: 'User' } }],
      }),
  ),
  fc.tuple(review, fc.constantFrom('User' as const, 'Bot' as const, 'Organization' as const)).map(
    ([one, type]): Change =>
      (value) => ({
        ...value,
        reviews: [...value.reviews, { ...one, reviewer: { ...outsider, type } }],
      }),
  ),
  review.map(
    (one): Change =>
      (value) => ({
        ...value,
        reviews: [...value.reviews, without({ ...one, state: 'approved' as const }, 'payload')],
      }),
  ),
  contributor.map(
    (one): Change =>
      (value) => ({ ...value, contributors: [...value.contributors, one] }),
  ),
  fc
    .record({
      path: fc.constantFrom(
        'requests/2026/12/a.yaml',
        'requests/2026/12/b.yaml',
        'requests/2026/12/c.yaml',
        'requests/2026/12/C.yaml',
        'requests/../x',
        'policies/x.rego',
        'policies/data/groups.yaml',
        'Policies/x.rego',
        'README.md',
        '.github/CODEOWNERS',
        '',
      ),
      kind: fc.constantFrom('added' as const, 'changed' as const, 'deleted' as const),
      mode: fc.constantFrom('100644', '100755', '120000', '160000', '040000'),
    })
    .map(
      (one): Change =>
        (value) => ({ ...value, changes: [...value.changes, one] }),
    ),
  fc.constantFrom<Facts['pull']['state']>('open', 'closed').map(
    (state): Change =>
      (value) =>
        // A pull request that is open again has started over.
        state === value.pull.state
          ? value
          : { ...value, pull: { ...value.pull, state, reviewsFrom: value.now } },
  ),
  fc.constant<Change>((value) => ({ ...value, pull: { ...value.pull, draft: true } })),
  fc.constant<Change>((value) => ({ ...value, pull: { ...value.pull, fromFork: true } })),
  fc.constant<Change>((value) => ({ ...value, pull: { ...value.pull, authorIsUser: false } })),
  fc.constant<Change>((value) => ({ ...value, pull: { ...value.pull, base: 'another' } })),
  fc.constant<Change>((value) => ({ ...value, pull: { ...value.pull, sharing: [8] } })),
  // Reopened now: one that lies behind voids a no of before it, and the approvals since then count.
  fc.constant<Change>((value) => ({ ...value, pull: { ...value.pull, reviewsFrom: value.now } })),
)

/** Facts that pass, most of them with something lost; and any facts. */
const near: fc.Arbitrary<Facts> = fc.oneof(
  { weight: 1, arbitrary: facts },
  {
    weight: 4,
    arbitrary: fc
      .tuple(facts.filter(passes), fc.array(losses, { maxLength: 2 }))
      .map(([value, lost]) => lost.reduce((left, change) => change(left), value)),
  },
)
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

/** Each leaves out, or contradicts, something that a passing decision stands on. */
const holes: readonly (readonly [string, Change])[] = [
  ['no policies', (value) => ({ ...value, policy: { missing: 'nothing accepted' } })],
  ['no answers of policies', (value) => eachRequest(value, (one) => without(one, 'policies'))],
  ['no requester', (value) => eachRequest(value, (one) => without(one, 'requester'))],
  [
    'a requester nobody knows',
    (value) => eachRequest(value, (one) => ({ ...one, requester: { unknown: 'x', remedy: 'y' } })),
  ],
  ['no role', (value) => eachRequest(value, (one) => without(one, 'role'))],
  [
    'a role nobody knows',
    (value) => eachRequest(value, (one) => ({ ...one, role: { unknown: 'x', remedy: 'y' } })),
  ],
  [
    'another role than was asked for',
    (value) =>
      eachRequest(value, (one) =>
        one.role !== undefined && 'role' in one.role ? { ...one, role: { ...one.role, role: 'x' } } : one,
      ),
  ],
  ['no change where there is a request', (value) => ({ ...value, changes: [] })],
  ['a request told of twice', (value) => ({ ...value, requests: [...value.requests, ...value.requests] })],
  [
    'a file that is both new and gone',
    (value) => ({
      ...value,
      changes: [...value.changes, ...value.changes.map((one) => ({ ...one, kind: 'deleted' as const }))],
    }),
  ],
  ['trouble', (value) => ({ ...value, troubles: ['GitHub is away'] })],
  [
    'a file that cannot be read',
    (value) => eachRequest(value, (one) => ({ ...one, read: { ok: false, faults: [] } })),
  ],
]
const merged: readonly (readonly [string, Change])[] = [
  ['no merge', (value) => ({ ...value, pull: without(value.pull, 'merged') })],
  [
    'a merge commit that could not be read',
    (value) => eachRequest(value, (one) => without(one, 'mergedBlob')),
  ],
  ['a branch that could not be read', (value) => eachRequest(value, (one) => without(one, 'branchBlob'))],
  ['a merge of other bytes', (value) => eachRequest(value, (one) => ({ ...one, mergedBlob: 'other' }))],
  ['a file gone from the branch', (value) => eachRequest(value, (one) => ({ ...one, branchBlob: null }))],
]

/** Which files come together matters until they are granted; at its own start each lives alone. */
const together: readonly (readonly [string, Change])[] = [
  [
    'a file of which nothing is told',
    (value) => ({
      ...value,
      changes: [...value.changes, { path: 'requests/2026/12/z.yaml', kind: 'added', mode: '100644' }],
    }),
  ],
]

describe('what is missing, or contradicts itself, never passes', () => {
  const passing = facts.filter((value) => value.requests.length > 0 && passes(value))
  test.each(holes)('%s', (_, change) => {
    fc.assert(
      fc.property(passing, (value) => {
        expect(decide(change(value)).verdict).not.toBe('passed')
      }),
      { numRuns: 40 },
    )
  })
  test.each(together)('%s', (_, change) => {
    const whole = passing.filter(({ moment }) => moment !== 'start')
    fc.assert(
      fc.property(whole, (value) => {
        expect(decide(change(value)).verdict).not.toBe('passed')
      }),
      { numRuns: 40 },
    )
  })
  test.each(merged)('%s', (_, change) => {
    const settled = passing.filter(({ moment }) => moment !== 'forecast')
    fc.assert(
      fc.property(settled, (value) => {
        expect(decide(change(value)).verdict).not.toBe('passed')
      }),
      { numRuns: 40 },
    )
  })
  test('a merge before there is one to be told of is no forecast', () => {
    const open = passing.filter(({ moment }) => moment === 'forecast')
    fc.assert(
      fc.property(open, (value) => {
        const pull = { ...value.pull, merged: { at: value.now, commit: 'm', onBranch: true } }
        expect(decide({ ...value, pull }).verdict).toBe('not_yet')
      }),
      { numRuns: 40 },
    )
  })
})

test('the properties above were about something: enough passed, and enough did not', () => {
  const share = seen.passed / (seen.passed + seen.refused)
  expect(share).toBeGreaterThan(0.2)
  expect(share).toBeLessThan(0.8)
})

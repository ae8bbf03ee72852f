import fc from 'fast-check'
import { decide } from '../../app/decision/decide.ts'
import type { Facts, PolicyFacts, RequestFacts, ReviewFact } from '../../app/decision/facts.ts'
import { facts } from './arbitrary/facts.ts'
import { person } from './arbitrary/pools.ts'
import { contributor, review } from './arbitrary/reviews.ts'
import { full } from './fixture.ts'

export const passes = (value: Facts): boolean => decide(value).verdict === 'passed'

export const eachRequest = (value: Facts, change: (one: RequestFacts) => RequestFacts): Facts => ({
  ...value,
  requests: value.requests.map(change),
})
export const eachPolicy = (value: Facts, change: (said: PolicyFacts) => PolicyFacts): Facts =>
  eachRequest(value, (one) => (one.policies === undefined ? one : { ...one, policies: change(one.policies) }))
export const without = <T extends object, K extends keyof T>(value: T, key: K): Omit<T, K> => {
  const { [key]: _, ...rest } = value
  return rest
}
export type Change = (value: Facts) => Facts
/** One that its signed payload or GitHub calls a no is not one whose going is a loss. */
export const isApproval = ({ state, payload }: ReviewFact): boolean =>
  (state === 'approved' || payload?.state === 'approved') &&
  state !== 'changes_requested' &&
  payload?.state !== 'changes_requested'

/** Who leaves the group takes a no along, which is no loss. */
export const asksForChanges =
  (id: number) =>
  ({ reviewer, state, payload }: ReviewFact): boolean =>
    reviewer?.id === id && (state === 'changes_requested' || payload?.state === 'changes_requested')

/** What was there and no longer is, or what is asked for besides: each may end an approval, none may make one. */
export const losses: fc.Arbitrary<Change> = fc.oneof(
  // A cloud says that it is full; before, it may have said nothing.
  fc.constant<Change>((value) => eachRequest(value, (one) => ({ ...one, limits: [full] }))),
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
                      // Less than one is refused for its shape, which one more would mend.
                      required: one.outcome.required.map((entry) => ({
                        ...entry,
                        count: entry.count < 1 ? entry.count : entry.count + 1,
                      })),
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

export const words = fc.string()
export const comment = review.map(
  (one): ReviewFact => ({
    ...one,
    state: 'commented',
    ...(one.payload === undefined ? {} : { payload: { ...one.payload, state: 'commented' } }),
  }),
)
export const outsider = { id: 666, login: 'mallory' }
/** Everything about a pull request that whoever opens it, or passes by, can bring about. */
export const influences: fc.Arbitrary<Change> = fc.oneof(
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
export const near: fc.Arbitrary<Facts> = fc.oneof(
  { weight: 1, arbitrary: facts },
  {
    weight: 4,
    arbitrary: fc
      .tuple(facts.filter(passes), fc.array(losses, { maxLength: 2 }))
      .map(([value, lost]) => lost.reduce((left, change) => change(left), value)),
  },
)

import fc from 'fast-check'
import type { PolicyFacts } from '../../../app/decision/facts.ts'
import type { ApprovalResult, EligibilityResult, RequiredEntry } from '../../../app/policy/result.ts'
import { digests, failure, mostly, number, odd, optional, person, rarely, word } from './pools.ts'

const eligibility: fc.Arbitrary<EligibilityResult> = fc.record({
  policy: fc.constantFrom('p', 'q', 'r'),
  digests: fc.constant(digests),
  outcome: rarely(
    fc.record({
      kind: fc.constant('value' as const),
      allow: mostly(85),
      reason: word,
      deny: rarely(fc.constant([]), fc.array(word, { maxLength: 2 })),
      allowBreakGlass: fc.boolean(),
      allowOnBehalfOf: mostly(85),
    }),
    failure,
  ),
})

export const entry: fc.Arbitrary<RequiredEntry> = fc.oneof(
  fc.record({ group: word, count: rarely(fc.constantFrom(1, 1, 1, 2), number), reason: word }),
  fc.record({
    users: fc.array(fc.constantFrom('u1', 'u2', 'u3'), { minLength: 1, maxLength: 2 }),
    count: fc.constant(1),
    reason: word,
  }),
)

const approval: fc.Arbitrary<ApprovalResult> = fc
  .record({
    policy: fc.constantFrom('p', 'q', 'r'),
    value: fc.record({
      kind: fc.constant('value' as const),
      applies: mostly(90),
      tier: rarely(fc.constantFrom('human', 'human', 'ai_review', 'auto'), odd),
      deny: rarely(fc.constant([]), fc.array(word, { maxLength: 2 })),
    }),
    required: optional(rarely(fc.array(entry, { minLength: 1, maxLength: 2 }), fc.constant([]))),
    approverGroup: optional(word),
    failed: rarely(fc.constant(undefined), failure),
    reviewers: fc.uniqueArray(
      fc.record({
        reviewerId: fc.integer({ min: 1, max: 9 }),
        digests: fc.constant(digests),
        outcome: rarely(fc.record({ kind: fc.constant('value' as const), allow: mostly(85) }), failure),
      }),
      { selector: ({ reviewerId }) => reviewerId, minLength: 4, maxLength: 6 },
    ),
  })
  .map(({ policy, value, required, approverGroup, failed, reviewers }) => ({
    policy,
    digests,
    outcome: failed ?? {
      ...value,
      ...(required === undefined ? {} : { required }),
      ...(approverGroup === undefined ? {} : { approverGroup }),
    },
    reviewers,
  }))

const members = rarely(fc.uniqueArray(person, { selector: ({ id }) => id, minLength: 6 }), fc.constant([]))
export const policies: fc.Arbitrary<PolicyFacts> = fc.record({
  eligibility: fc.uniqueArray(eligibility, { selector: ({ policy }) => policy, minLength: 1, maxLength: 2 }),
  approval: fc.uniqueArray(approval, { selector: ({ policy }) => policy, minLength: 1, maxLength: 2 }),
  hints: fc.array(word, { maxLength: 2 }),
  groups: fc
    .tuple(members, members, rarely(fc.constant([]), fc.constant([{ name: '', unknown: 'x' }])))
    .map(([sre, security, more]) => [
      { name: 'sre', members: sre },
      { name: 'security', members: security },
      ...more,
    ]),
  users: fc.constant([1, 2, 3].map((id) => ({ login: `u${id}`, person: { id, login: `person-${id}` } }))),
})

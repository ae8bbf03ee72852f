import type { ReviewFact } from '../../app/decision/facts.ts'
import {
  alice,
  bob,
  carol,
  dave,
  head,
  mallory,
  minute,
  now,
  open,
  patched,
  path,
  review,
  unheard,
} from './fixture.ts'
import { decides } from './table.ts'

const reviewed = (...reviews: ReviewFact[]) => ({ facts: { reviews } })
const later = { submittedAt: now - minute }

decides('which reviews count', open, [
  {
    name: 'no review',
    patch: reviewed(),
    verdict: 'action_required',
    rule: 'requirement',
    summary: 'needs 1 of group sre: bob, carol',
  },
  {
    name: '2.1 no payload yet',
    patch: reviewed(unheard(bob)),
    verdict: 'not_yet',
    rule: 'requirement',
    summary: /bob.*payload/,
  },
  {
    name: '2.1 no payload yet, of somebody who is not asked',
    patch: reviewed(unheard(dave)),
    verdict: 'action_required',
    rule: 'requirement',
  },
  {
    name: '2.1 no payload yet, but another approval',
    patch: reviewed(unheard(bob), review(carol)),
    verdict: 'passed',
  },
  {
    name: '2.1 no payload yet of what may be a refusal',
    patch: reviewed(unheard(bob, 'changes_requested'), review(carol)),
    verdict: 'not_yet',
    rule: '2.1',
  },
  {
    name: '2.10 a payload that says it was a refusal, and another approval',
    patch: reviewed(
      review(bob, 'approved', { payload: { commit: head, state: 'changes_requested' } }),
      review(carol),
    ),
    verdict: 'not_yet',
    rule: '2.1',
  },
  {
    name: 'an approval, and a comment of the same person after it',
    patch: reviewed(review(bob), review(bob, 'commented', later)),
    verdict: 'passed',
  },
  {
    name: '2.10 a payload that says something else',
    patch: reviewed(review(bob, 'approved', { payload: { commit: 'x', state: 'commented' } })),
    verdict: 'not_yet',
    rule: 'requirement',
  },
  {
    name: '2.6 an approval by somebody whom no identities know',
    patch: reviewed(review(bob, 'approved', { unlisted: true })),
    verdict: 'action_required',
  },
  {
    name: '2.6 a refusal by somebody whom no identities know',
    patch: reviewed(review(bob, 'changes_requested', { unlisted: true }), review(carol)),
    verdict: 'denied',
    rule: '2.4',
  },
  {
    name: '2.6 a payload of another reviewer',
    patch: reviewed(
      review(bob, 'approved', { payload: { commit: 'c', state: 'approved', ofAnother: true } }),
    ),
    verdict: 'not_yet',
    rule: 'requirement',
    summary: /bob.*payload/,
  },
  {
    name: '2.10 a comment whose payload approves',
    patch: reviewed(review(bob, 'commented', { payload: { commit: 'x', state: 'approved' } })),
    verdict: 'not_yet',
    rule: 'requirement',
  },
  {
    name: '2.3 other bytes',
    patch: reviewed(review(bob, 'approved', { blobs: { [path]: 'other' } })),
    verdict: 'action_required',
    rule: 'requirement',
  },
  {
    name: '2.3 no file at that commit',
    patch: reviewed(review(bob, 'approved', { blobs: { [path]: null } })),
    verdict: 'action_required',
  },
  {
    name: '2.3 a commit that is gone',
    patch: reviewed(review(bob, 'approved', { blobs: {} })),
    verdict: 'action_required',
  },
  {
    name: '2.4 approved, then denied',
    patch: reviewed(review(bob), review(bob, 'changes_requested', later)),
    verdict: 'denied',
    rule: '2.4',
    summary: 'denied by bob',
  },
  {
    name: '2.4 denied, then approved',
    patch: reviewed(review(bob, 'changes_requested'), review(bob, 'approved', later)),
    verdict: 'passed',
  },
  {
    name: '2.4 approved, then commented',
    patch: reviewed(review(bob), review(bob, 'commented', later)),
    verdict: 'passed',
  },
  {
    name: '2.4 approved, then dismissed',
    patch: reviewed(review(bob, 'dismissed')),
    verdict: 'action_required',
  },
  {
    name: '2.4 a dismissed refusal revives nothing',
    patch: reviewed(review(bob), review(bob, 'dismissed', later)),
    verdict: 'action_required',
  },
  {
    name: '2.4 denied by another who could approve',
    patch: reviewed(review(bob), review(carol, 'changes_requested')),
    verdict: 'denied',
    rule: '2.4',
    summary: 'denied by carol',
  },
  {
    name: '2.4 denied about other bytes',
    patch: reviewed(review(bob), review(carol, 'changes_requested', { blobs: {} })),
    verdict: 'denied',
    rule: '2.4',
  },
  {
    name: '2.4 denied by somebody who is not asked',
    patch: reviewed(review(bob), review(dave, 'changes_requested')),
    verdict: 'passed',
  },
  {
    name: '2.4 denied by somebody without permission',
    patch: reviewed(review(bob), review(carol, 'changes_requested', { permission: 'read' })),
    verdict: 'passed',
  },
  {
    name: '2.4 denied by the author',
    patch: reviewed(review(bob), review(alice, 'changes_requested')),
    verdict: 'passed',
  },
  {
    name: '2.4, 6.13 a refusal is not silenced by forged commits',
    patch: {
      facts: {
        reviews: [review(bob), review(carol, 'changes_requested')],
        contributors: [{ as: 'co-author', person: carol }],
      },
    },
    verdict: 'denied',
    rule: '2.4',
  },
  {
    name: '2.6 a bot',
    patch: reviewed(review(bob, 'approved', { reviewer: { ...bob, type: 'Bot' } })),
    verdict: 'action_required',
  },
  {
    name: '2.6 a deleted account',
    patch: reviewed((({ reviewer: _, ...rest }) => rest)(review(bob))),
    verdict: 'action_required',
  },
  { name: '2.7 the requester', patch: reviewed(review(alice)), verdict: 'action_required' },
  {
    name: '2.7 the requester, where a colleague opened it on her behalf',
    patch: {
      facts: { reviews: [review(alice)] },
      pull: { author: mallory },
      request: { policies: { ...patched(open, {}).requests[0]?.policies, ...withBehalf() } },
    },
    verdict: 'action_required',
    rule: 'requirement',
  },
  ...(['author', 'committer', 'co-author', 'pusher'] as const).map((as) => ({
    name: `2.7 ${as}`,
    patch: { facts: { contributors: [{ as, person: bob }] } },
    verdict: 'action_required' as const,
    rule: 'requirement',
    summary: 'needs 1 of group sre: carol',
  })),
  {
    name: "2.7 mapped to the requester's principal",
    patch: reviewed(review(bob, 'approved', { principals: ['gcp:x', 'aws:alice'] })),
    verdict: 'action_required',
  },
  {
    name: '2.8 somebody unresolved',
    patch: {
      facts: {
        contributors: [
          { as: 'author', unresolved: 'x@y.example', remedy: 'add x@y.example to identities.yaml' },
        ],
      },
    },
    verdict: 'action_required',
    rule: '2.8',
  },
  {
    name: '2.9 no write permission',
    patch: reviewed(review(bob, 'approved', { permission: 'triage' })),
    verdict: 'action_required',
  },
  {
    name: '2.9 no permission known',
    patch: reviewed((({ permission: _, ...rest }) => rest)(review(bob))),
    verdict: 'action_required',
  },
  {
    name: '2.9 more permission than needed',
    patch: reviewed(review(bob, 'approved', { permission: 'admin' })),
    verdict: 'passed',
  },
  {
    name: '2.9 the configuration asks for more',
    patch: { repository: { reviewerPermission: 'maintain' } },
    verdict: 'action_required',
  },
  { name: '2.9 no member of the group', patch: reviewed(review(mallory)), verdict: 'action_required' },
  {
    name: '6.23 from before the pull request was reopened',
    patch: { pull: { reviewsFrom: now - 10 * minute } },
    verdict: 'action_required',
  },
  {
    name: '6.23 from after it was reopened',
    patch: { pull: { reviewsFrom: now - 11 * minute } },
    verdict: 'passed',
  },
  {
    name: '6.23 what is void, however late, hides no review that counts',
    patch: {
      pull: { reviewsFrom: now - 11 * minute },
      ...reviewed(review(bob), review(bob, 'approved', { id: 1, submittedAt: now - 20 * minute })),
    },
    verdict: 'passed',
  },
  {
    name: '6.23 an earlier refusal is void too',
    patch: {
      pull: { reviewsFrom: now - 2 * minute },
      ...reviewed(review(carol, 'changes_requested'), review(bob, 'approved', later)),
    },
    verdict: 'passed',
  },
])

function withBehalf() {
  const facts = patched(open, {}).requests[0]?.policies
  if (facts === undefined) throw new Error('the fixture has no policies')
  return {
    ...facts,
    eligibility: facts.eligibility.map((one) =>
      one.outcome.kind === 'value' ? { ...one, outcome: { ...one.outcome, allowOnBehalfOf: true } } : one,
    ),
  }
}

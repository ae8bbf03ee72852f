import type { Facts } from '../../../app/decision/facts.ts'
import { alice, bob, carol, dave, mallory, merged, minute, now, path, review, unheard } from '../fixture.ts'
import { of } from './shapes.ts'

/** Of the reviews, and of who worked on it. */
export const reviewCases: Readonly<Record<string, Facts>> = {
  'nobody yet': of({ facts: { reviews: [] } }),
  'nobody, merged': of({ facts: { reviews: [] } }, merged),
  'reviews of every kind': of({
    facts: {
      reviews: [
        review(alice),
        review(carol, 'changes_requested'),
        review(bob, 'dismissed', { id: 9 }),
        review(dave, 'commented'),
        review(mallory, 'approved', { permission: 'read' }),
        { ...review(bob), reviewer: { id: 77, login: 'robot', type: 'Bot' } },
        (({ reviewer: _, ...gone }) => gone)(review(bob)),
      ],
    },
  }),
  'asked for changes, by two': of({
    facts: {
      reviews: [
        review(carol, 'changes_requested', { submittedAt: now - minute }),
        review(bob, 'changes_requested', { submittedAt: now - 2 * minute }),
      ],
    },
  }),
  'asked for changes, and a used path': of({
    facts: { reviews: [review(bob, 'changes_requested')] },
    request: { usedUp: true },
  }),
  'asked for changes, by two at once': of({
    facts: { reviews: [review(carol, 'changes_requested'), review(bob, 'changes_requested')] },
  }),
  'reviews by others than who is asked count no longer': of({
    facts: {
      reviews: [review(bob), review(dave, 'dismissed', { id: 9 }), review(carol, 'dismissed', { id: 8 })],
    },
  }),
  'approved, and somebody unknown worked on it': of({
    facts: {
      contributors: [
        { as: 'author', person: alice },
        { as: 'author', unresolved: 'b@x', remedy: 'add b@x' },
      ],
    },
  }),
  'a review that was not heard': of({ facts: { reviews: [unheard(bob)] } }),
  'a refusal that was not heard': of({
    facts: { reviews: [review(carol), unheard(bob, 'changes_requested')] },
  }),
  'a review that says something else': of({
    facts: { reviews: [review(bob, 'approved', { payload: { commit: 'c', state: 'commented' } })] },
  }),
  'other bytes approved': of({
    facts: { reviews: [review(bob, 'approved', { id: 21, blobs: { [path]: 'other' } })] },
  }),
  'approved before it was opened again': of({ pull: { reviewsFrom: now } }),
  'approved after the merge': of(
    { facts: { reviews: [review(bob, 'approved', { submittedAt: now })] } },
    merged,
  ),
  'an approver who worked on it': of({
    facts: {
      contributors: [
        { as: 'author', person: bob },
        { as: 'pusher', person: bob },
        { as: 'committer', person: carol },
        { as: 'co-author', person: dave },
      ],
    },
  }),
  'an approver with the same principal': of({
    facts: { reviews: [review(bob, 'approved', { principals: ['gcp:bob', 'aws:alice'] })] },
  }),
  'somebody unknown worked on it': of({
    facts: {
      contributors: [
        { as: 'author', unresolved: 'b@x', remedy: 'add b@x' },
        { as: 'committer', unresolved: 'a@x', remedy: 'add a@x' },
        { as: 'committer', unresolved: 'a@x', remedy: 'add a@x' },
      ],
    },
  }),
  'the same, merged': of(
    { facts: { contributors: [{ as: 'author', unresolved: 'b@x', remedy: 'add b@x' }] } },
    merged,
  ),
  'approved by somebody whom no identities know': of({
    facts: { reviews: [review(bob, 'approved', { unlisted: true })] },
  }),
}

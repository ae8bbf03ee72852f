import { expect, test } from 'vitest'
import type { ReviewFact } from '../../app/decision/facts.ts'
import { barred, voicesOn } from '../../app/decision/reviews.ts'
import { alice, bob, carol, dave, now, open, request, review } from './fixture.ts'

const at = { id: 5, submittedAt: now - 5 }

test.each<[string, Partial<ReviewFact>, Partial<ReviewFact>]>([
  ['the one given later', { submittedAt: now - 5, id: 9 }, { submittedAt: now - 4, id: 5 }],
  [
    'of one second, the one of the higher number',
    { ...at, id: 5, state: 'changes_requested' },
    { ...at, id: 6 },
  ],
  [
    'of one number, the one that holds back more',
    { ...at, state: 'approved' },
    { ...at, state: 'dismissed' },
  ],
  [
    'the one that asks for changes',
    { ...at, state: 'dismissed' },
    { ...at, state: 'changes_requested', payload: { commit: 'c', state: 'changes_requested' } },
  ],
  [
    'of one state, the one of the later commit',
    { ...at, payload: { commit: 'a', state: 'approved' } },
    { ...at, payload: { commit: 'b', state: 'approved' } },
  ],
])('of two reviews of one person counts %s, in whatever order they come', (_, less, more) => {
  const [passedOver, counts] = [
    review(bob, 'approved', less),
    review(bob, 'approved', { ...more, blobs: {} }),
  ]
  const of = (...reviews: readonly ReviewFact[]) => voicesOn({ ...open, reviews }, request).voices
  expect(of(counts)).not.toEqual(of(passedOver))
  expect(of(passedOver, counts)).toEqual(of(counts))
  expect(of(counts, passedOver)).toEqual(of(counts))
})

test('of two that came without their payloads, too', () => {
  const [one, other] = [1, 2].map((id) => {
    const { payload: _, ...bare } = review(bob, 'approved', { ...at, id })
    return bare
  }) as [ReviewFact, ReviewFact]
  const of = (...reviews: readonly ReviewFact[]) => voicesOn({ ...open, reviews }, request).voices
  expect(of(one, { ...other, id: 1 })).toEqual(of(one))
})

test('who can never approve: who opened it, who asks, who worked on it', () => {
  const facts = {
    ...open,
    pull: { ...open.pull, author: dave },
    contributors: [
      { as: 'pusher' as const, person: carol },
      { as: 'author' as const, unresolved: 'x@y', remedy: 'add it' },
    ],
  }
  expect(barred(facts, request)).toEqual(new Set([dave.id, alice.id, carol.id]))
  const { requester: _, ...bare } = request
  expect(barred(facts, bare)).toEqual(new Set([dave.id, carol.id]))
})

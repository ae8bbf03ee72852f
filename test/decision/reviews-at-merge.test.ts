import { describe, expect, test } from 'vitest'
import { decide } from '../../app/decision/decide.ts'
import type { ReviewFact } from '../../app/decision/facts.ts'
import { blob, bob, carol, merged, minute, now, open, patched, review, unheard } from './fixture.ts'
import { decides } from './table.ts'

const reviewed = (...reviews: ReviewFact[]) => ({ facts: { reviews } })
const latest = { submittedAt: now - 1 }

decides('reviews at the merge', merged, [
  { name: 'the fixture', patch: {}, verdict: 'passed' },
  {
    name: 'nobody approved',
    patch: reviewed(),
    verdict: 'denied',
    rule: 'requirement',
    summary: /merged with 0 of the 1/,
  },
  {
    name: '2.5 in the second of the merge',
    patch: reviewed(review(bob, 'approved', { submittedAt: now - minute })),
    verdict: 'passed',
  },
  {
    name: '2.5 after the merge',
    patch: reviewed(review(bob, 'approved', { submittedAt: now - minute + 1 })),
    verdict: 'denied',
    rule: 'requirement',
  },
  {
    name: '2.5 after the merge once more',
    patch: reviewed(review(bob), review(bob, 'approved', latest)),
    verdict: 'passed',
  },
  {
    name: '2.5 after the merge somebody may still say no',
    patch: reviewed(review(bob), review(carol, 'changes_requested', latest)),
    verdict: 'denied',
    rule: '2.4',
  },
  {
    name: '2.5 a refusal withdrawn after the merge',
    patch: reviewed(review(bob, 'changes_requested'), review(bob, 'approved', latest)),
    verdict: 'denied',
    rule: '2.4',
  },
  { name: '2.1 no payload', patch: reviewed(unheard(bob)), verdict: 'not_yet', rule: 'requirement' },
  {
    name: '2.8 unresolved',
    patch: { facts: { contributors: [{ as: 'pusher', unresolved: 'x', remedy: 'add x' }] } },
    verdict: 'denied',
    rule: '2.8',
  },
])

describe('what a decision says about reviews', () => {
  test('who denied it', () => {
    const [one] = decide(patched(open, reviewed(review(carol, 'changes_requested'), review(bob)))).requests
    expect(one).toMatchObject({ verdict: 'denied', deniedBy: carol, summary: 'denied by carol' })
  })
  test('whom to add where, for an address that belongs to nobody', () => {
    const remedy = 'add x@y.example to identities.yaml'
    const facts = patched(open, {
      facts: { contributors: [{ as: 'author', unresolved: 'x@y.example', remedy }] },
    })
    expect(decide(facts).requests[0]?.hints).toContain(remedy)
  })
  test('nobody involved is asked', () => {
    const facts = patched(open, { facts: { reviews: [], contributors: [{ as: 'pusher', person: carol }] } })
    expect(decide(facts).requests[0]?.requirements).toMatchObject([{ eligible: [bob], metBy: [] }])
  })
  test('an account of the same login and another number is somebody else', () => {
    const facts = patched(open, reviewed(review({ id: 222, login: 'bob' })))
    expect(decide(facts).verdict).toBe('action_required')
  })
  test('an inherited property is no blob', () => {
    const at = 'constructor'
    const facts = patched(open, {
      request: { path: at, blob },
      facts: {
        changes: [{ path: at, kind: 'added', mode: '100644' }],
        reviews: [review(bob, 'approved', { blobs: {} })],
      },
    })
    expect(decide(facts).requests[0]?.approvedBy).toEqual([])
  })
})

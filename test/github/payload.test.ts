import { expect, test } from 'vitest'
import { payloads } from '../../app/github/payload.ts'
import * as bodies from './bodies.ts'

const bytes = (body: unknown) => Buffer.from(JSON.stringify(body))
const at = Date.parse('2026-01-05T10:00:00Z')

test('a review', () => {
  expect(payloads.review(bytes(bodies.review()))).toEqual({
    action: 'submitted',
    reviewId: 31,
    commit: bodies.sha,
    state: 'approved',
    reviewer: bodies.bob,
    submittedAt: at,
  })
  expect(payloads.review(bytes(bodies.review('submitted', { user: null })))).not.toHaveProperty('reviewer')
  expect(payloads.review(bytes(bodies.review('submitted', { state: 'CHANGES_REQUESTED' })))).toMatchObject({
    state: 'changes_requested',
  })
  expect(payloads.review(bytes(bodies.review('dismissed', { state: 'dismissed' })))).toMatchObject({
    action: 'dismissed',
    state: 'dismissed',
  })
  expect(
    payloads.review(bytes(bodies.review('submitted', { user: { ...bodies.bob, type: 'Mannequin' } }))),
  ).toMatchObject({ reviewer: { type: 'Bot' } })
  for (const lacking of [
    { commit_id: null },
    { submitted_at: null },
    { state: 'pending' },
    { state: 'constructor' },
  ]) {
    expect(payloads.review(bytes(bodies.review('submitted', lacking)))).toBeUndefined()
  }
})

test('a pull request', () => {
  expect(payloads.pullRequest(bytes(bodies.pullRequest('synchronize')))).toEqual({
    action: 'synchronize',
    number: 5,
    headSha: bodies.sha,
    base: { ref: 'main', sha: 'b'.repeat(40) },
    sender: bodies.alice,
    updatedAt: at,
  })
})

test('a push', () => {
  expect(payloads.push(bytes(bodies.push('refs/heads/topic')))).toEqual({
    ref: 'refs/heads/topic',
    before: '0'.repeat(40),
    after: bodies.sha,
    sender: bodies.alice,
  })
  // A deploy key: the push is known, whoever pushed is not, and must not be forgotten for it (trust.md 2.8).
  const nameless = payloads.push(bytes(bodies.push('refs/heads/topic', { sender: null })))
  expect(nameless).toEqual({ ref: 'refs/heads/topic', before: '0'.repeat(40), after: bodies.sha })
})

test('a comment on a pull request', () => {
  expect(payloads.comment(bytes(bodies.comment('/gitsudo revoke')))).toEqual({
    action: 'created',
    commentId: 41,
    body: '/gitsudo revoke',
    author: bodies.alice,
    createdAt: at,
  })
  expect(payloads.comment(bytes(bodies.comment('/gitsudo revoke', {})))).toBeUndefined()
})

test('a merge group', () => {
  expect(payloads.mergeGroup(bytes(bodies.mergeGroup('destroyed')))).toEqual({
    action: 'destroyed',
    ref: bodies.group,
    head: bodies.sha,
    base: 'b'.repeat(40),
    into: 'refs/heads/main',
  })
})

test('a body is read as what it is only, and rubbish as nothing', () => {
  const all = {
    review: bodies.review(),
    pullRequest: bodies.pullRequest('opened'),
    push: bodies.push(),
    comment: bodies.comment('x'),
    mergeGroup: bodies.mergeGroup(),
  }
  for (const [reader, read] of Object.entries(payloads)) {
    for (const [kind, body] of Object.entries(all))
      expect(read(bytes(body)) !== undefined).toBe(kind === reader)
    for (const rubbish of ['', '{', 'null', '[]', '{"review":1}', '\ufeff{}'])
      expect(read(Buffer.from(rubbish))).toBeUndefined()
    expect(read(Buffer.from([0xff, 0xfe]))).toBeUndefined()
  }
})

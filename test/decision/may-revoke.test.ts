import { expect, test } from 'vitest'
import { decide } from '../../app/decision/decide.ts'
import { mayRevoke } from '../../app/decision/may-revoke.ts'
import { alice, bob, carol, dave, open } from './fixture.ts'

const decision = decide(open)
const [request] = decision.requests
const of = { id: request?.id ?? '', requester: alice.id, decision }

test.each([
  ['the requester', alice.id, of, true],
  ['somebody who could have approved it', carol.id, of, true],
  ['an administrator', 9, of, true],
  ['anybody else', dave.id, of, false],
  ['an approver of another request', carol.id, { ...of, id: 'another' }, false],
  ['anybody before a decision', bob.id, { ...of, decision: undefined }, false],
  ['nobody, where the requester is not known', alice.id, { ...of, requester: undefined }, false],
])('%s (trust.md 6.27b)', (_, person, what, may) => {
  expect(mayRevoke(person, what, [9])).toBe(may)
})

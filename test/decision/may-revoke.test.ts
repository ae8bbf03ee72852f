import { expect, test } from 'vitest'
import { decide } from '../../app/decision/decide.ts'
import type { Decision } from '../../app/decision/decision.ts'
import { mayRevoke } from '../../app/decision/may-revoke.ts'
import { alice, bob, carol, dave, open, request } from './fixture.ts'

const decision = decide(open)
const of = { id: request.id, requester: alice.id, decision }
/** Bob, of the group that is asked, wrote a commit of it. */
const wrote = decide({ ...open, contributors: [{ as: 'author', person: bob }] })

test.each([
  ['the requester', alice.id, of, true],
  ['somebody who could have approved it', carol.id, of, true],
  ['somebody who could have, had they no part in it', bob.id, { ...of, decision: wrote }, true],
  ['an administrator', 9, of, true],
  ['anybody else', dave.id, of, false],
  ['an approver of another request', carol.id, { ...of, id: 'another' }, false],
  ['anybody before a decision', bob.id, { ...of, decision: undefined }, false],
  ['nobody, where the requester is not known', alice.id, { ...of, requester: undefined }, false],
])('%s (trust.md 6.27b)', (_, person, what, may) => {
  expect(mayRevoke(person, what, [9])).toBe(may)
})

test('who may not approve is named where somebody else than the requester may not', () => {
  const asked = (of: Decision) => of.requests[0]?.requirements[0]
  expect(asked(decision)).not.toHaveProperty('barred')
  expect(asked(wrote)).toMatchObject({ eligible: [carol], barred: [bob] })
})

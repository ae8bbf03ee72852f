import type { Facts } from '../../../app/decision/facts.ts'
import {
  approval,
  bob,
  carol,
  dave,
  eligibility,
  failing,
  group,
  policies,
  review,
  says,
  users,
} from '../fixture.ts'
import { auto, crowd, of, strict } from './shapes.ts'

/** Of what the policies say, and of policies disabled by hand. */
export const policyCases: Readonly<Record<string, Facts>> = {
  'no policy': of({ policies: { eligibility: [] } }),
  'policies that allow, deny, fail and are silent': of({
    policies: {
      eligibility: [
        eligibility('d', { allow: false, reason: '' }),
        eligibility('c', { deny: ['two', 'one'] }),
        failing(eligibility('b'), 'error'),
        eligibility('a', { reason: '' }),
      ],
    },
  }),
  'policies that are silent': of({
    policies: {
      eligibility: [
        eligibility('b', { allow: false, reason: '' }),
        eligibility('a', { allow: false, reason: 'tier 1' }),
      ],
      hints: ['30m would pass'],
    },
  }),
  'policies without a word': of({
    policies: { eligibility: [eligibility('a', { allow: false, reason: '' })] },
  }),
  'a policy in trouble': of({ policies: { eligibility: [failing(eligibility('a'), 'trouble')] } }),
  'on behalf of': of({ pull: { author: dave } }),
  'on behalf of, by a policy that does not allow': of({
    pull: { author: dave },
    policies: { eligibility: [eligibility('a'), eligibility('b', { allow: false, allowOnBehalfOf: true })] },
  }),
  'on behalf of, allowed': of({
    pull: { author: dave },
    policies: { eligibility: [eligibility('b'), eligibility('a', { allowOnBehalfOf: true })] },
  }),
  'somebody by name whom nobody looked up, and two of one name': of({
    policies: {
      approval: [approval('a', { required: [users('zoe')] }), approval('b', { required: [users('carol')] })],
      users: [
        { login: 'carol', person: carol },
        { login: 'carol', person: dave },
      ],
    },
  }),
  'whoever a policy allows, out of order, and one it fails for': of({
    policies: {
      approval: [
        approval('a', {}, [says(carol, true), says(bob, true)]),
        approval('b', {}, [
          says(dave, false),
          { ...says(carol, true), outcome: { kind: 'error', why: 'it broke' } },
          { ...says(bob, true), outcome: { kind: 'trouble', why: 'too slow' } },
        ]),
      ],
    },
  }),
  'other people with the policies that were disabled by hand': of({
    facts: { reviews: [review(carol), review(bob)] },
    policies: { approval: [approval('a', { required: [users('carol')] })] },
    request: { policiesToo: policies },
  }),
  'no approval policy': of({ policies: { approval: [] } }),
  'an approval policy that does not apply': of({
    policies: { approval: [approval('a', { applies: false })] },
  }),
  'approval policies that refuse': of({
    policies: {
      approval: [
        approval('a', { deny: ['b', 'a'] }),
        approval('b', { tier: 'odd' }),
        approval('c', { required: [] }),
        approval('d', { required: [group('sre', 0)] }),
        approval('e', { required: [group('ghosts')] }),
        approval('f', { required: [group('nobody')] }),
        approval('g', { required: [group('unheard-of')] }),
        approval('h', { required: [users('ghost')] }),
        approval('i', { required: [users()] }),
        failing(approval('j'), 'error'),
        failing(approval('k'), 'trouble'),
      ],
    },
  }),
  'no approval needed': of({ facts: { reviews: [] }, request: { policies: auto } }),
  'two policies, one of which needs people': of({
    policies: { approval: [approval('a', { tier: 'auto' }), approval('b', { required: [group('sre', 2)] })] },
  }),
  'two groups and somebody by name': of({
    policies: {
      approval: [
        approval('a', {
          required: [
            { group: 'sre', count: 1, reason: 'production' },
            { users: ['dave', 'carol'], count: 1, reason: '' },
          ],
        }),
      ],
    },
    facts: { reviews: [review(bob), review(carol)] },
  }),
  'a crowd': of({
    policies: { groups: [{ name: 'sre', team: 'acme/sre', members: crowd }] },
    facts: { reviews: [] },
  }),
  'whoever the policy allows': of({
    policies: {
      approval: [
        approval('a', {}, [
          {
            reviewerId: 3,
            digests: { input: '', wasm: '', data: '' },
            outcome: { kind: 'value', allow: true },
          },
          {
            reviewerId: 2,
            login: 'bob',
            digests: { input: '', wasm: '', data: '' },
            outcome: { kind: 'value', allow: true },
          },
          {
            reviewerId: 4,
            digests: { input: '', wasm: '', data: '' },
            outcome: { kind: 'value', allow: false },
          },
        ]),
      ],
    },
  }),
  'a policy that fails for one reviewer': of({
    policies: {
      approval: [
        approval('a', {}, [
          {
            reviewerId: 3,
            digests: { input: '', wasm: '', data: '' },
            outcome: { kind: 'trouble', why: 'slow' },
          },
        ]),
      ],
    },
  }),
  'more approvals than there are people': of({
    policies: { approval: [approval('a', { required: [group('security', 3)] })] },
  }),
  'passing with and without what was disabled': of({ request: { policiesToo: policies } }),
  'disabled by hand, and stricter': of({
    request: { policies: auto, policiesToo: { ...strict, hints: ['ask carol'] } },
  }),
  'disabled by hand, and laxer': of({ request: { policies: strict, policiesToo: auto } }),
  'disabled by hand, and denied by somebody': of({
    request: { policies: strict, policiesToo: policies },
    facts: { reviews: [review(bob, 'changes_requested'), review(carol, 'changes_requested')] },
  }),
  'disabled by hand, and refused': of({
    request: { policiesToo: { ...policies, eligibility: [eligibility('a', { deny: ['no'] })] } },
  }),
  'more reasons than are shown': of({
    pull: { base: 'other', fromFork: true, authorIsUser: false },
    request: { usedUp: true },
    access: { breakGlass: true },
  }),
  'words that are too long': of({
    policies: { eligibility: [eligibility('a', { deny: [`${'long '.repeat(250)}end`] })] },
  }),
  'words that cannot be seen': of({
    policies: { eligibility: [eligibility('a', { deny: ['a\u202Eb \n  c'] })] },
  }),
}

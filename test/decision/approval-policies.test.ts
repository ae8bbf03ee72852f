import {
  approval,
  bob,
  carol,
  eligibility,
  failing,
  group,
  open,
  policies,
  review,
  says,
  users,
} from './fixture.ts'
import { decides } from './table.ts'

const asks = (...required: (ReturnType<typeof group> | ReturnType<typeof users>)[]) => ({
  approval: [approval('production', { required })],
})

decides('approval', open, [
  { name: '4.2 no policy', patch: { policies: { approval: [] } }, verdict: 'denied', rule: '4.2' },
  {
    name: '4.2 none applies',
    patch: { policies: { approval: [approval('a', { applies: false })] } },
    verdict: 'denied',
    rule: '4.2',
  },
  {
    name: '4.2 one applies',
    patch: {
      policies: { approval: [approval('a', { applies: false, tier: 'x' }), approval('b', { tier: 'auto' })] },
    },
    verdict: 'passed',
    summary: 'passed: the policies ask for no approval',
  },
  {
    name: '4.2 an unknown tier',
    patch: { policies: { approval: [approval('a', { tier: 'AUTO' })] } },
    verdict: 'denied',
    rule: '4.1',
    summary: /policy a/,
  },
  { name: '4.2 a count of 0', patch: { policies: asks(group('sre', 0)) }, verdict: 'denied', rule: '4.1' },
  { name: '4.2 half a person', patch: { policies: asks(group('sre', 1.5)) }, verdict: 'denied', rule: '4.1' },
  {
    name: '4.2 an unknown group',
    patch: { policies: asks(group('ghosts')) },
    verdict: 'denied',
    rule: '4.1',
    summary: /no such team/,
  },
  {
    name: '4.2 a group without facts',
    patch: { policies: asks(group('other')) },
    verdict: 'denied',
    rule: '4.1',
  },
  { name: '4.2 an empty group', patch: { policies: asks(group('nobody')) }, verdict: 'denied', rule: '4.1' },
  {
    name: '4.2 an unknown user',
    patch: { policies: asks(users('carol', 'ghost')) },
    verdict: 'denied',
    rule: '4.1',
  },
  { name: '4.2 no users', patch: { policies: asks(users()) }, verdict: 'denied', rule: '4.1' },
  { name: '4.2 human, and nobody named', patch: { policies: asks() }, verdict: 'denied', rule: '4.1' },
  {
    name: '4.2 auto, and nobody named',
    patch: { policies: { approval: [approval('a', { tier: 'auto', required: [] })] } },
    verdict: 'passed',
  },
  {
    name: '4.2 whoever is required makes it human',
    patch: {
      facts: { reviews: [] },
      policies: { approval: [approval('a', { tier: 'auto', required: [group('sre')] })] },
    },
    verdict: 'action_required',
    rule: 'requirement',
  },
  {
    name: 'ai_review is human',
    patch: {
      facts: { reviews: [] },
      policies: { approval: [approval('a', { tier: 'ai_review', approverGroup: 'sre' })] },
    },
    verdict: 'action_required',
    rule: 'requirement',
  },
  {
    name: 'auto needs nobody, whoever contributed',
    patch: {
      facts: { reviews: [], contributors: [{ as: 'author', unresolved: 'x', remedy: 'y' }] },
      policies: { approval: [approval('a', { tier: 'auto' })] },
    },
    verdict: 'passed',
  },
  {
    name: 'the strictest tier',
    patch: {
      facts: { reviews: [] },
      policies: { approval: [approval('a', { tier: 'auto' }), approval('b', { required: [group('sre')] })] },
    },
    verdict: 'action_required',
    rule: 'requirement',
  },
  {
    name: 'approver_group',
    patch: { policies: { approval: [approval('a', { approverGroup: 'sre' })] } },
    verdict: 'passed',
  },
  {
    name: 'deny refuses',
    patch: { policies: { approval: [approval('a', { required: [group('sre')], deny: ['freeze'] })] } },
    verdict: 'denied',
    rule: '4.1',
    summary: /freeze/,
  },
  {
    name: 'deny refuses, whatever applies',
    patch: {
      policies: {
        approval: [
          approval('a', { required: [group('sre')] }),
          approval('b', { applies: false, deny: ['freeze'] }),
        ],
      },
    },
    verdict: 'denied',
    rule: '4.1',
  },
  {
    name: '4.1 one fails',
    patch: { policies: { approval: [...policies.approval, failing(approval('b'), 'error')] } },
    verdict: 'denied',
    rule: '4.1',
  },
  {
    name: '3.12 one is in trouble',
    patch: { policies: { approval: [...policies.approval, failing(approval('b'), 'trouble')] } },
    verdict: 'not_yet',
    rule: '4.1',
  },
  {
    name: 'per reviewer: allowed',
    patch: { policies: { approval: [approval('a', {}, [says(bob, true), says(carol, false)])] } },
    verdict: 'passed',
  },
  {
    name: 'per reviewer: not allowed',
    patch: { policies: { approval: [approval('a', {}, [says(bob, false), says(carol, true)])] } },
    verdict: 'action_required',
    rule: 'requirement',
    summary: 'needs 1 of whoever policy a allows: carol',
  },
  {
    name: 'per reviewer: nobody asked about',
    patch: { policies: { approval: [approval('a')] } },
    verdict: 'action_required',
    rule: 'requirement',
  },
  {
    name: '4.1 per reviewer: fails',
    patch: {
      policies: {
        approval: [
          approval('a', {}, [
            says(bob, true),
            { ...says(carol, true), outcome: { kind: 'error', why: 'x' } },
          ]),
        ],
      },
    },
    verdict: 'denied',
    rule: '4.1',
  },
  {
    name: '3.12 per reviewer: trouble',
    patch: {
      policies: {
        approval: [
          approval('a', {}, [
            says(bob, true),
            { ...says(carol, true), outcome: { kind: 'trouble', why: 'x' } },
          ]),
        ],
      },
    },
    verdict: 'not_yet',
    rule: '4.1',
  },
  {
    name: '4.4 one person cannot meet two',
    patch: { facts: { reviews: [review(carol)] }, policies: asks(group('sre'), group('security')) },
    verdict: 'action_required',
    rule: 'requirement',
    summary: 'needs 1 of group security: carol, dave',
  },
  {
    name: '4.4 two people meet two',
    patch: {
      facts: { reviews: [review(carol), review(bob)] },
      policies: asks(group('security'), group('sre')),
    },
    verdict: 'passed',
  },
  {
    name: '4.4 the assignment is not greedy',
    patch: { facts: { reviews: [review(carol), review(bob)] }, policies: asks(group('sre'), users('carol')) },
    verdict: 'passed',
  },
  {
    name: '4.4 requirements of two policies add up',
    patch: {
      policies: {
        approval: [approval('a', { approverGroup: 'sre' }), approval('b', { approverGroup: 'sre' })],
      },
    },
    verdict: 'action_required',
    rule: 'requirement',
  },
  {
    name: 'two of a group',
    patch: { facts: { reviews: [review(bob), review(carol)] }, policies: asks(group('sre', 2)) },
    verdict: 'passed',
  },
  {
    name: '5.4 passes without, not with the disabled one',
    patch: {
      request: { policiesToo: { ...policies, eligibility: [eligibility('x', { deny: ['freeze'] })] } },
    },
    verdict: 'denied',
    rule: 'eligibility',
  },
  { name: '5.4 passes with and without', patch: { request: { policiesToo: policies } }, verdict: 'passed' },
])

import { describe, expect, test } from 'vitest'
import { decide } from '../../app/decision/decide.ts'
import {
  approval,
  bob,
  carol,
  dave,
  eligibility,
  failing,
  group,
  mallory,
  merged,
  open,
  patched,
  policies,
  review,
  says,
  users,
} from './fixture.ts'
import { decides } from './table.ts'

decides('eligibility', open, [
  { name: 'no policy', patch: { policies: { eligibility: [] } }, verdict: 'denied', rule: 'eligibility' },
  {
    name: 'none allows',
    patch: {
      policies: {
        eligibility: [eligibility('default', { allow: false, reason: 'tier 1 may ask for at most 30m' })],
      },
    },
    verdict: 'denied',
    rule: 'eligibility',
    summary: /tier 1 may ask for at most 30m \(policy default\)/,
  },
  {
    name: 'one of two allows',
    patch: { policies: { eligibility: [eligibility('a', { allow: false }), eligibility('b')] } },
    verdict: 'passed',
  },
  {
    name: 'one denies',
    patch: { policies: { eligibility: [eligibility('a'), eligibility('b', { deny: ['toxic'] })] } },
    verdict: 'denied',
    rule: 'eligibility',
    summary: 'toxic (policy b)',
  },
  {
    name: '4.1 one fails',
    patch: { policies: { eligibility: [eligibility('a'), failing(eligibility('b'), 'error')] } },
    verdict: 'denied',
    rule: 'eligibility',
  },
  {
    name: '3.12 one is in trouble',
    patch: { policies: { eligibility: [eligibility('a'), failing(eligibility('b'), 'trouble')] } },
    verdict: 'not_yet',
    rule: 'eligibility',
  },
  {
    name: '4.3 on behalf of, not allowed',
    patch: { pull: { author: mallory } },
    verdict: 'denied',
    rule: '4.3',
  },
  {
    name: '4.3 on behalf of, allowed',
    patch: {
      pull: { author: mallory },
      policies: { eligibility: [eligibility('a', { allowOnBehalfOf: true })] },
    },
    verdict: 'passed',
  },
  {
    name: '4.3 on behalf of, allowed by a policy that does not allow',
    patch: {
      pull: { author: mallory },
      policies: {
        eligibility: [eligibility('a'), eligibility('b', { allow: false, allowOnBehalfOf: true })],
      },
    },
    verdict: 'denied',
    rule: '4.3',
  },
])

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

describe('what a decision says about policies', () => {
  test('a refusal is a policy’s where one refuses too', () => {
    const reviews = [review(bob), review(carol, 'changes_requested')]
    const refused = { eligibility: [eligibility('a', { deny: ['freeze'] })] }
    const [one] = decide(patched(open, { facts: { reviews }, policies: refused })).requests
    expect(one).toMatchObject({ verdict: 'denied', summary: 'freeze (policy a); denied by carol' })
    expect(one).not.toHaveProperty('deniedBy')
  })
  test('policies that only deny add nothing to the reason', () => {
    const silent = eligibility('a', { allow: false, reason: '' })
    const reasoned = eligibility('b', { allow: false, reason: 'sre only' })
    const summaryOf = (...said: (typeof silent)[]) =>
      decide(patched(open, { policies: { eligibility: said } })).summary
    expect(summaryOf(silent, reasoned)).toBe('sre only (policy b)')
    expect(summaryOf(silent)).toBe('has nothing against it, and does not allow it (policy a)')
  })

  test('hints, unless it passes', () => {
    const hints = ['30m would pass']
    const refused = patched(open, { policies: { hints, eligibility: [eligibility('a', { allow: false })] } })
    expect(decide(refused).requests[0]?.hints).toEqual(hints)
    expect(decide(patched(open, { policies: { hints } })).requests[0]?.hints).toEqual([])
  })
  test('what is too long, and what would pass', () => {
    expect(decide(patched(open, { access: { durationSeconds: 86_400 } })).requests[0]?.hints).toEqual([
      '4h would pass',
    ])
  })
  test('requirements with who meets them', () => {
    const required = [group('sre'), users('carol', 'dave')]
    const facts = patched(open, {
      facts: { reviews: [review(carol), review(bob)] },
      policies: { approval: [approval('p', { required })] },
    })
    expect(decide(facts).requests[0]).toMatchObject({
      tier: 'human',
      approvedBy: [bob, carol],
      requirements: [
        { label: 'group sre', metBy: [bob], eligible: [bob, carol] },
        { label: 'carol or dave', metBy: [carol], eligible: [carol, dave] },
      ],
    })
  })
  test('requirements of policies disabled by hand are asked for too', () => {
    const policiesToo = {
      ...policies,
      approval: [...policies.approval, approval('z', { approverGroup: 'security' })],
    }
    const [one] = decide(patched(open, { request: { policiesToo } })).requests
    expect(one?.verdict).toBe('action_required')
    expect(one?.requirements.map(({ policy }) => policy)).toEqual(['production', 'z'])
  })
  test('words of a policy come out on one visible line, well formed', () => {
    const reason = 'a\u001b[31m\nb\u0000\ud800\u202e'
    const facts = patched(merged, { policies: { eligibility: [eligibility('a', { allow: false, reason })] } })
    const text = JSON.stringify(decide(facts))
    expect(text).not.toMatch(/\\u00|\\ud8|\\n|\u202e/)
    expect(text).toContain('U+001B')
  })
  test('the author who is not the requester is not asked either', () => {
    const facts = patched(open, {
      pull: { author: bob },
      facts: { reviews: [] },
      policies: { eligibility: [eligibility('a', { allowOnBehalfOf: true })] },
    })
    expect(decide(facts).requests[0]?.requirements[0]?.eligible).toEqual([carol])
  })
})

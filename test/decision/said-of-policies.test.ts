import { describe, expect, test } from 'vitest'
import { decide } from '../../app/decision/decide.ts'
import {
  approval,
  bob,
  carol,
  dave,
  eligibility,
  group,
  merged,
  open,
  patched,
  policies,
  review,
  users,
} from './fixture.ts'

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
  test('what is too long, and how long it may be', () => {
    expect(decide(patched(open, { access: { durationSeconds: 86_400 } })).requests[0]?.hints).toEqual([
      'prod-infra-admin is given for at most 4h',
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

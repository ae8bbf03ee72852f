import { eligibility, failing, mallory, open } from './fixture.ts'
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

import { expect, test } from 'vitest'
import { evalPolicies } from '../../app/policy/eval.ts'
import { loadDefaults } from './default-set.ts'
import { sundayNight } from './question.ts'

const set = await loadDefaults()
const request = {
  provider: 'aws',
  role: 'prod-infra-admin',
  resource_scope: '123456789012',
  duration_seconds: 3600,
}
const evaluate = (type: 'eligibility' | 'approval', input: Record<string, unknown>) =>
  evalPolicies(set, type, input, sundayNight)

test("the runbook's partial input works, and says what it assumed", async () => {
  const answer = await evaluate('eligibility', {
    user: { email: 'admin@example.com', groups: ['sre'] },
    request,
  })
  expect(answer).toMatchObject({
    allowed: true,
    reason: 'prod-infra-admin may be asked for by sre in 123456789012',
    assumed: { 'user.trust_tier': 4, 'context.trust_tier': 4, 'context.now': '2026-12-06T03:30:00.123Z' },
  })
  expect(answer.policies.map(({ policy }) => policy)).toEqual([
    'business-hours',
    'roles',
    'toxic-combinations',
  ])
})

test('a person of identities.yaml is taken as written there, and what is given wins', async () => {
  expect(await evaluate('eligibility', { user: { email: 'DAVE@example.com' }, request })).toMatchObject({
    allowed: false,
    reason: 'prod-infra-admin is open to sre only',
    assumed: { 'user.login': 'dave', 'user.groups': ['developers'], 'user.trust_tier': 2 },
  })
  const tier = { user: { login: 'dave', groups: ['sre'] }, context: { trust_tier: 3 }, request }
  expect((await evaluate('eligibility', tier)).allowed).toBe(true)
})

test('a denial says so whoever allows', async () => {
  const context = { active_grants: [{ id: 'req_A', role: 'db-read' }] }
  expect(await evaluate('eligibility', { user: { login: 'alice' }, request, context })).toMatchObject({
    allowed: false,
    reason: 'prod-infra-admin and db-read (req_A) must not be held together',
  })
})

test('an empty input is no crash', async () => {
  expect((await evaluate('eligibility', {})).allowed).toBe(false)
  expect((await evaluate('approval', { user: null, request: 3 })).allowed).toBe(false)
})

test("approval says whether this user's approval would count", async () => {
  const requester = { login: 'alice' }
  const bob = await evaluate('approval', { user: { login: 'bob' }, requester, request })
  expect(bob).toMatchObject({
    allowed: true,
    reason: 'owners: wants group sre; two-person: wants group prod-approvers',
  })
  const frank = await evaluate('approval', { user: { login: 'frank' }, requester, request })
  expect(frank).toMatchObject({
    allowed: false,
    reason: 'owners: wants group sre; two-person: wants group prod-approvers',
  })
  const reading = {
    provider: 'mock',
    role: 'prod-read-only',
    resource_scope: '123456789012',
    duration_seconds: 60,
  }
  expect(await evaluate('approval', { user: { login: 'alice' }, request: reading })).toMatchObject({
    allowed: true,
    reason: 'low-risk: needs no approval',
  })
})

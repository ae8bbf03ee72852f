import { hash } from 'node:crypto'
import { expect, test } from 'vitest'
import { canonicalBytes } from '../../app/audit/canonical.ts'
import { policyData } from '../../app/identity/policy-data.ts'
import { isEligible } from '../../app/policy/fold.ts'
import { policyInput } from '../../app/policy/input.ts'
import { loadDefaults } from './default-set.ts'
import { alice, ask, dave } from './question.ts'

const set = await loadDefaults()
const hour = 3_600_000
const reasons = async (question: ReturnType<typeof ask>) => {
  const { eligibility } = await set.ask(question)
  return eligibility.flatMap(({ outcome }) =>
    outcome.kind === 'value'
      ? [...outcome.deny, ...(outcome.reason === '' ? [] : [outcome.reason])]
      : [outcome.why],
  )
}

test('an owner of trust is eligible at every hour of the week', async () => {
  for (let at = 0; at < 7 * 24; at += 5) {
    const { eligibility } = await set.ask(ask(alice, {}, { now: ask(alice).now + at * hour }))
    expect(isEligible(eligibility)).toBe(true)
  }
})

test('a change to production asks for an owner and a second person', async () => {
  const { approval } = await set.ask(ask(alice))
  expect(
    approval.map(({ policy, outcome }) => [
      policy,
      outcome.kind === 'value' && outcome.applies
        ? outcome.required?.map((entry) => 'group' in entry && entry.group)
        : 'does not apply',
    ]),
  ).toEqual([
    ['low-risk', 'does not apply'],
    ['owners', ['sre']],
    ['two-person', ['prod-approvers']],
  ])
})

test('reading for half an hour needs nobody', async () => {
  const { approval } = await set.ask(ask(alice, { role: 'prod-read-only' }))
  const applying = approval.filter(({ outcome }) => outcome.kind === 'value' && outcome.applies)
  expect(applying).toMatchObject([{ policy: 'low-risk', outcome: { tier: 'auto' } }])
})

test('says why not, and what would pass', async () => {
  expect(await reasons(ask(dave))).toEqual(['prod-infra-admin is open to sre only'])
  const { hints } = await set.ask(ask(dave), { hints: true })
  expect(hints).toEqual(['role prod-infra-admin is open to group sre', 'role prod-read-only would pass'])

  const frank = { ...dave, trustTier: 1 }
  const long = ask(frank, { role: 'db-read', scope: 'orders', durationSeconds: 7200 })
  expect(await reasons(long)).toEqual(['trust tier 1 may have db-read for at most 30 minutes'])
  expect((await set.ask(long, { hints: true })).hints).toEqual(['30m would pass'])
  expect((await set.ask(long)).hints).toEqual([])
  expect((await set.ask(ask(alice), { hints: true })).hints).toEqual([])
})

test('a toxic combination is denied, and no hint talks around it', async () => {
  const grant = {
    id: 'req_A',
    repository: 'x/y',
    provider: 'mock',
    role: 'db-read',
    scope: 'orders',
    state: 'active',
    startsAt: 0,
    endsAt: hour,
  }
  const wanted = 'prod-infra-admin and db-read (req_A) must not be held together'
  expect(await reasons(ask(alice, {}, { queuedGrants: [grant] }))).toContain(wanted)
  const { hints } = await set.ask(ask(alice, {}, { activeGrants: [grant] }), { hints: true })
  expect(hints).not.toContain('15m would pass')
})

test('business hours are those of the recorded time', async () => {
  const compute = { provider: 'gcp', role: 'compute-admin', scope: 'projects/example-prod' } as const
  const monday = Date.parse('2026-12-07T10:00:00Z')
  expect(isEligible((await set.ask(ask(alice, compute, { now: monday }))).eligibility)).toBe(true)
  expect(await reasons(ask(alice, compute))).toContain(
    'compute-admin is given from Monday to Friday, 08:00 to 18:00 UTC',
  )
})

test('someone of trust tier 2 may open it for a colleague', async () => {
  const { eligibility } = await set.ask(ask(alice, {}, { author: dave }))
  expect(eligibility.find(({ policy }) => policy === 'roles')?.outcome).toMatchObject({
    allow: true,
    allowOnBehalfOf: true,
  })
  const newcomer = { ...dave, trustTier: 1 }
  const refused = await set.ask(ask(alice, {}, { author: newcomer }))
  expect(refused.eligibility.find(({ policy }) => policy === 'roles')?.outcome).toMatchObject({
    allowOnBehalfOf: false,
  })
})

test('an overridden policy is not asked', async () => {
  const { eligibility, approval } = await set.ask(ask(alice), { without: ['roles', 'owners'] })
  expect(eligibility.map(({ policy }) => policy)).toEqual(['business-hours', 'toxic-combinations'])
  expect(approval.map(({ policy }) => policy)).toEqual(['low-risk', 'two-person'])
})

test('digests are of what was evaluated, and the evidence holds each input once', async () => {
  const question = ask(alice)
  const { eligibility, approval, evidence } = await set.ask(question)
  const bytes = canonicalBytes(policyInput(question, alice))
  expect(evidence).toEqual([{ digest: hash('sha256', bytes), bytes }])
  const data = hash('sha256', canonicalBytes(policyData(set.directory)))
  for (const { policy, digests } of [...eligibility, ...approval]) {
    const wasm = set.policies.find(({ name }) => name === policy)?.wasm
    expect(digests).toEqual({ input: hash('sha256', bytes), wasm, data })
  }
  expect(set.dataDigest).toBe(data)
})

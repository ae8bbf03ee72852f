import { afterAll, expect, test } from 'vitest'
import { isEligible } from '../../../app/policy/fold.ts'
import { readFolder } from '../../../app/policy/folder.ts'
import { createPolicyLoader } from '../../../app/policy/load.ts'
import { createPackaged } from '../../../app/policy/packaged.ts'
import { createEvaluatorPool } from '../../../app/policy/pool.ts'
import { alice, ask, dave } from '../question.ts'
import { compile } from './compiler.ts'

const pool = createEvaluatorPool()
afterAll(() => pool.close())

/** Policies as jitsudo's users have them, with nothing of ours besides the data files. */
const load = (sources: Readonly<Record<string, string>>) => {
  const files = new Map([...readFolder('.')].filter(([path]) => path.startsWith('policies/data/')))
  for (const [name, text] of Object.entries(sources)) files.set(`policies/${name}.rego`, Buffer.from(text))
  return createPolicyLoader({ pool, compile, packaged: createPackaged() })('c0ffee', files)
}
const sandbox = { provider: 'aws', role: 'sandbox-readonly', scope: '345678901234' } as const

/** jitsudo's AWS quick start. */
const quickstart = `package jitsudo.eligibility
import future.keywords.if
default allow = false
default reason = "not authorized"
allow if {
input.user.groups[_] == "sre"
input.request.provider == "aws"
input.request.role == "sandbox-readonly"
input.request.duration_seconds <= 3600
}
reason = "allowed" if { allow }
`

test('the quick start policy loads unchanged and decides as it says', async () => {
  const set = await load({ 'aws-sandbox-eligibility': quickstart })
  expect(set.policies).toMatchObject([{ name: 'aws-sandbox-eligibility', type: 'eligibility' }])
  const yes = await set.ask(ask(alice, sandbox))
  expect(yes.eligibility).toMatchObject([{ outcome: { allow: true, reason: 'allowed' } }])
  const no = await set.ask(ask(dave, sandbox), { hints: true })
  expect(no.eligibility).toMatchObject([{ outcome: { allow: false, reason: 'not authorized' } }])
  expect(no.hints).toContain('role sandbox-readonly is open to group sre')
  const long = await set.ask(ask(alice, { ...sandbox, durationSeconds: 7200 }), { hints: true })
  expect(long.hints).toContain('1h would pass')
})

test('plain pre-1.0 rules, any of several policies, time from the recorded time', async () => {
  const set = await load({
    sre: `package jitsudo.eligibility
default allow = false
default reason = "only in office hours"
allow {
  input.user.groups[_] == "sre"
  office_hours
}
office_hours {
  now := time.now_ns()
  not weekend(time.weekday(now))
  hour := time.clock(now)[0]
  hour >= 9; hour < 18
}
weekend(day) { day == "Saturday" }
weekend(day) { day == "Sunday" }
`,
    oncall: `package jitsudo.eligibility
import future.keywords.in
default allow = false
allow { "oncall" in input.user.groups }
`,
  })
  const eligible = async (now: string, groups = ['sre']) =>
    isEligible((await set.ask(ask({ ...alice, groups }, sandbox, { now: Date.parse(now) }))).eligibility)
  expect(await eligible('2026-12-01T10:00:00Z')).toBe(true)
  expect(await eligible('2026-12-01T18:00:00Z')).toBe(false)
  expect(await eligible('2026-12-05T10:00:00Z')).toBe(false)
  expect(await eligible('2026-12-05T10:00:00Z', ['oncall'])).toBe(true)
})

const tiers = `package jitsudo.approval
import future.keywords.if
import future.keywords.in
default allow = false
harmless := {"prod-read-only", "view"}
quick if {
  input.context.trust_tier >= 3
  input.request.role in harmless
  input.request.duration_seconds <= 1800
}
approver_tier := "auto" if quick
approver_tier := "ai_review" if {
  not quick
  regex.match(\`INC-\\d+\`, input.request.reason)
}
allow if "sre" in input.user.groups
`

test('tiers are decided with the requester as user, approvers with each reviewer', async () => {
  const set = await load({ tiers })
  const reviewers = [alice, dave]
  const quick = await set.ask(ask(alice, { role: 'prod-read-only' }, { reviewers }))
  expect(quick.approval).toMatchObject([{ outcome: { tier: 'auto' }, reviewers: [] }])
  const linked = await set.ask(ask(dave, {}, { reviewers }))
  expect(linked.approval).toMatchObject([
    {
      outcome: { tier: 'ai_review' },
      reviewers: [
        { reviewerId: 1001, outcome: { kind: 'value', allow: true } },
        { reviewerId: 1004, outcome: { kind: 'value', allow: false } },
      ],
    },
  ])
  expect(linked.evidence).toHaveLength(2)
  const plain = await set.ask(ask(dave, { reason: 'because' }, { reviewers }))
  expect(plain.approval).toMatchObject([{ outcome: { tier: 'human' } }])
})

test('approver_group names the group, and nobody is asked one by one', async () => {
  const text = `package jitsudo.approval
import future.keywords.if
approver_group := "sre" if {
  input.request.provider == "mock"
  input.request.role == "prod-infra-admin"
}
`
  const set = await load({ group: text })
  const named = await set.ask(ask(dave, {}, { reviewers: [alice] }))
  expect(named.approval).toMatchObject([{ outcome: { tier: 'human', approverGroup: 'sre' }, reviewers: [] }])
  const none = await set.ask(ask(dave, { role: 'dev-admin' }, { reviewers: [alice] }))
  expect(none.approval).toMatchObject([
    { outcome: { kind: 'error', why: expect.stringContaining('wants a person') } },
  ])
})

test('a failing rule for one reviewer is that reviewer’s failure, kept with its digests', async () => {
  const text = `package jitsudo.approval
default allow = false
x = 1 { input.user.login }
x = 2 { input.user.login == "dave" }
allow { x == 1 }
`
  const set = await load({ clash: text })
  const { approval } = await set.ask(ask(alice, {}, { reviewers: [alice, dave] }))
  expect(approval[0]?.reviewers).toMatchObject([
    { reviewerId: 1001, outcome: { kind: 'value', allow: true } },
    { reviewerId: 1004, outcome: { kind: 'error', why: expect.stringContaining('policies/clash.rego:4') } },
  ])
})

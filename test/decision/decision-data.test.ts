import { expect, test } from 'vitest'
import { digestOf } from '../../app/audit/digest.ts'
import { changedData } from '../../app/decision/changed-data.ts'
import { decide } from '../../app/decision/decide.ts'
import { decidePolicies } from '../../app/decision/decide-policies.ts'
import { isFinal, type RequestDecision } from '../../app/decision/decision.ts'
import { decisionData, policyDecisionData } from '../../app/decision/decision-data.ts'
import type { Facts } from '../../app/decision/facts.ts'
import {
  approval,
  blob,
  bob,
  eligibility,
  group,
  head,
  open,
  patched,
  path,
  policies,
  says,
} from './fixture.ts'
import { base, proposal } from './proposal.ts'

const grounds = 'g'.repeat(64)
const dataOf = (facts: Facts) => {
  const decision = decide(facts)
  const [one] = decision.requests as readonly [RequestDecision]
  return { one, data: decisionData(decision, one, facts.requests[0], grounds) }
}

test('an event says what was decided, on what, and with which policies', () => {
  const { one, data } = dataOf(open)
  expect(data).toEqual({
    path,
    blob,
    moment: 'forecast',
    decided_at: '2023-11-14T22:13:20.000Z',
    verdict: 'passed',
    summary: 'approved by bob',
    policy_commit: 'c'.repeat(40),
    approved_by: [bob],
    asked: {
      requester: 'alice',
      provider: 'aws',
      role: 'prod-infra-admin',
      scope: '123456789012',
      reason: 'INC-4421 ECS tasks crash-looping',
    },
    terms: one.terms,
    facts: grounds,
    result: digestOf(one),
    evaluations: [
      {
        policy: 'default',
        type: 'eligibility',
        input: '1',
        wasm: '2',
        data: '3',
        outcome: policies.eligibility[0]?.outcome,
      },
      {
        policy: 'production',
        type: 'approval',
        input: '1',
        wasm: '2',
        data: '3',
        outcome: policies.approval[0]?.outcome,
      },
    ],
    evidence: ['1', grounds],
  })
  expect(one.terms).toBeDefined()
})

test('of reviewers a policy was asked about, and of policies disabled by hand', () => {
  const disabled = { ...eligibility('off'), digests: { input: '0', wasm: '8', data: '9' } }
  const { data } = dataOf(
    patched(open, {
      policies: { approval: [approval('a', { required: [group('sre')] }, [says(bob, true)])] },
      request: {
        policiesToo: { ...policies, eligibility: [disabled], approval: [] },
        overridden: [{ policy: 'off', until: 1, by: ['root'] }],
      },
    }),
  )
  expect(data.evaluations).toMatchObject([
    { policy: 'default', type: 'eligibility' },
    { policy: 'a', type: 'approval' },
    {
      policy: 'a',
      type: 'approval',
      reviewer: bob.id,
      input: '1',
      wasm: '2',
      data: '3',
      outcome: { kind: 'value', allow: true },
    },
    { policy: 'off', type: 'eligibility', input: '0', wasm: '8', data: '9' },
  ])
  expect(data.overridden).toEqual(['off'])
  expect(data.evidence).toEqual(['0', '1', grounds])
})

test('who asks is the person, by the login of the directory', () => {
  const person = { id: 1, login: 'Alice' }
  const requester = { person, principals: [], principal: 'alice' }
  expect(dataOf(patched(open, { request: { requester } })).data.asked).toMatchObject({
    requester: 'Alice',
  })
  for (const facts of [
    patched(open, { request: { requester: { unknown: 'nobody of that name', remedy: 'add them' } } }),
    patched(open, { without: ['requester'] }),
  ])
    expect(dataOf(facts).data.asked).toMatchObject({ requester: 'alice' })
})

test('what cannot be read asks for nothing, and what was not decided with policies names none', () => {
  const { data } = dataOf(
    patched(open, {
      facts: { policy: { missing: 'none' } },
      request: { read: { ok: false, faults: [] } },
      without: ['policies'],
    }),
  )
  expect(data).toMatchObject({ policy_commit: null, terms: null, evaluations: [], evidence: [grounds] })
  expect(data).not.toHaveProperty('asked')
  expect(data).not.toHaveProperty('overridden')
  const decision = decide(open)
  const bare = decisionData(decision, decision.requests[0] as RequestDecision, undefined, grounds)
  expect(bare).toMatchObject({ path, evaluations: [], evidence: [grounds] })
  expect(bare).not.toHaveProperty('asked')
})

test('the same of a change of policies', () => {
  const decision = decidePolicies(base, proposal)
  expect(decision.policies && policyDecisionData(decision, decision.policies, grounds)).toEqual({
    why: 'policies approved by carol',
    head,
    tree: proposal.tree,
    previous: proposal.accepted,
    changed: ['policies/owners.rego'],
    approved_by: [{ id: 3, login: 'carol' }],
    decided_at: '2023-11-14T22:13:20.000Z',
    facts: grounds,
    result: digestOf(decision),
    evidence: [grounds],
  })
  const gone = decidePolicies(base, { ...proposal, tree: null })
  expect(gone.policies && policyDecisionData(gone, gone.policies, grounds)).toMatchObject({ tree: null })
})

const paths = (count: number, length: number) => Array.from({ length: count }, () => 'p'.repeat(length))

test.each([
  ['none', [], 0, undefined],
  ['a hundred short ones', paths(100, 10), 100, undefined],
  ['one more', paths(101, 10), 100, 1],
  ['ten thousand characters', paths(10, 1_000), 10, undefined],
  ['one more character', [...paths(10, 1_000), 'p'], 10, 1],
  ['one that is too long alone', ['p'.repeat(10_001), 'q'], 0, 2],
])('changed paths in an event: %s', (_, all, kept, leftOut) => {
  expect(changedData(all)).toEqual({
    changed: all.slice(0, kept),
    ...(leftOut === undefined ? {} : { changed_left_out: leftOut }),
  })
})

test.each([
  ['forecast', 'passed', false],
  ['forecast', 'not_yet', false],
  ['merge', 'not_yet', false],
  ['merge', 'denied', true],
  ['start', 'passed', true],
] as const)('at %s, %s: final is %s', (moment, verdict, final) => {
  expect(isFinal({ ...decide(open), moment, verdict })).toBe(final)
})

import { describe, expect, test } from 'vitest'
import { decidePolicies, policyTree } from '../../app/decision/decide-policies.ts'
import type { Verdict } from '../../app/decision/decision.ts'
import type { Facts, ProposalFacts } from '../../app/decision/facts.ts'
import { decisionMarkdown } from '../../app/decision/render-markdown.ts'
import { fine } from '../support/memory/access-world.ts'
import { bob, carol, deciders, hour, minute, now, open } from './fixture.ts'
import { base, landed, proposal, reviewed } from './proposal.ts'

type Case = {
  readonly name: string
  readonly from?: Facts
  readonly facts?: Partial<Facts>
  readonly pull?: Partial<Facts['pull']>
  readonly proposal?: Partial<ProposalFacts>
  readonly verdict: Verdict
  readonly rule?: string
  readonly summary?: string | RegExp
}
const late = { ...landed.pull, merged: { at: now - 2 * hour, commit: 'd', onBranch: true } }

const cases: readonly Case[] = [
  { name: 'approved', verdict: 'passed', summary: 'policies approved by carol' },
  { name: 'approved and merged', from: landed, verdict: 'passed' },
  {
    name: 'merged long ago, all known',
    from: landed,
    pull: late,
    facts: { reviews: [reviewed(carol, 'approved', { submittedAt: now - 3 * hour })] },
    verdict: 'passed',
  },
  {
    name: 'nobody yet',
    facts: { reviews: [] },
    verdict: 'action_required',
    summary: 'needs 1 of policy owners: carol, account 77',
  },
  {
    name: 'merged with nobody',
    from: landed,
    facts: { reviews: [] },
    verdict: 'denied',
    rule: 'requirement',
  },
  { name: 'by no owner', facts: { reviews: [reviewed(bob)] }, verdict: 'action_required', rule: '2.9' },
  {
    name: "by a person of the owner's name and another number",
    facts: { reviews: [reviewed({ id: 99, login: 'carol' })] },
    verdict: 'action_required',
  },
  {
    name: 'an owner of unknown login',
    facts: { reviews: [reviewed({ id: 77, login: 'zoe' })] },
    verdict: 'passed',
  },
  { name: 'two needed', proposal: { owners: { ...proposal.owners, count: 2 } }, verdict: 'action_required' },
  {
    name: 'two needed and there',
    facts: { reviews: [reviewed(carol), reviewed({ id: 77, login: 'zoe' })] },
    proposal: { owners: { ...proposal.owners, count: 2 } },
    verdict: 'passed',
  },
  {
    name: 'twice by one',
    facts: { reviews: [reviewed(carol), reviewed(carol)] },
    proposal: { owners: { ...proposal.owners, count: 2 } },
    verdict: 'action_required',
  },
  {
    name: 'of another tree',
    facts: { reviews: [reviewed(carol, 'approved', { blobs: { [policyTree]: 'x' } })] },
    verdict: 'action_required',
    rule: '2.3',
  },
  {
    name: 'of nothing',
    facts: { reviews: [reviewed(carol, 'approved', { blobs: {} })] },
    verdict: 'action_required',
  },
  {
    name: 'refused by the owner',
    facts: { reviews: [reviewed(carol, 'changes_requested')] },
    verdict: 'denied',
    rule: '2.4',
  },
  { name: 'dismissed', facts: { reviews: [reviewed(carol, 'dismissed')] }, verdict: 'action_required' },
  {
    name: 'with read permission',
    facts: { reviews: [reviewed(carol, 'approved', { permission: 'read' })] },
    verdict: 'action_required',
    rule: '2.9',
  },
  { name: 'by its author', pull: { author: carol }, verdict: 'action_required', rule: '2.7' },
  {
    name: 'by who pushed',
    facts: { contributors: [{ as: 'pusher', person: carol }] },
    verdict: 'action_required',
    rule: '2.7',
  },
  {
    name: 'with a commit of somebody unknown',
    facts: { contributors: [{ as: 'author', unresolved: 'x@y', remedy: 'add it' }] },
    verdict: 'action_required',
    rule: '2.8',
  },
  {
    name: 'after the merge',
    from: landed,
    facts: { reviews: [reviewed(carol, 'approved', { submittedAt: now })] },
    verdict: 'denied',
  },
  { name: 'into another base', pull: { base: 'side' }, verdict: 'denied', rule: '1.2' },
  { name: 'from a fork', pull: { fromFork: true }, verdict: 'denied', rule: '6.22' },
  { name: 'a draft', pull: { draft: true }, verdict: 'action_required', rule: '6.23' },
  { name: 'in trouble', facts: { troubles: ['GitHub is away'] }, verdict: 'not_yet', rule: '3.12' },
  { name: 'no folder left', proposal: { tree: null }, verdict: 'denied', rule: '1.3' },
  {
    name: 'no folder left, and a review of that',
    facts: { reviews: [reviewed(carol, 'approved', { blobs: { [policyTree]: null } })] },
    proposal: { tree: null, mergedTree: null },
    from: landed,
    verdict: 'denied',
  },
  {
    name: 'a file that can be run',
    proposal: { odd: [{ path: 'policies/deny.rego', mode: '100755' }] },
    verdict: 'denied',
    rule: '6.11',
    summary: /deny\.rego has mode 100755/,
  },
  {
    name: 'a folder of nearly the same name',
    facts: { changes: [...base.changes, { path: 'Policies/x.rego', kind: 'added', mode: '100644' }] },
    verdict: 'denied',
    rule: '6.11',
  },
  {
    name: 'other files besides',
    facts: { changes: [...base.changes, { path: 'README.md', kind: 'changed' }] },
    verdict: 'passed',
  },
  {
    name: 'a request besides',
    facts: { changes: [...base.changes, { path: 'requests/2026/12/a.yaml', kind: 'added', mode: '100644' }] },
    verdict: 'denied',
  },
  {
    name: 'a deleted request besides',
    facts: { changes: [...base.changes, { path: 'requests/2026/12/a.yaml', kind: 'deleted' }] },
    verdict: 'denied',
  },
  {
    name: 'no policies at all',
    facts: { changes: [{ path: 'README.md', kind: 'changed', mode: '100644' }] },
    verdict: 'denied',
  },
  {
    name: 'behind',
    proposal: { branchTree: 'newer' },
    verdict: 'denied',
    rule: '1.3',
    summary: /update first/,
  },
  {
    name: 'merged as something else',
    from: landed,
    proposal: { mergedTree: 'x' },
    verdict: 'denied',
    rule: '3.1',
  },
  {
    name: 'merged, where nobody can read it',
    from: landed,
    proposal: { mergedTree: undefined as never },
    verdict: 'not_yet',
    rule: '3.1',
  },
  {
    name: 'merged, not on the branch',
    from: landed,
    pull: { merged: { at: now - minute, commit: 'd', onBranch: false } },
    verdict: 'denied',
    rule: '3.1',
  },
  { name: 'overtaken', from: landed, proposal: { superseded: true }, verdict: 'denied', rule: '1.3' },
  { name: 'no accepted policies', facts: { policy: { missing: 'none' } }, verdict: 'denied', rule: '1.3' },
  {
    name: 'does not compile',
    proposal: {
      trial: {
        ...fine,
        compiles: { ok: false, faults: [{ path: 'policies/a.rego', line: 3, code: 'parse', message: 'm' }] },
      },
    },
    verdict: 'denied',
    rule: '1.8',
    summary: '1 fault, the first in policies/a.rego:3: parse',
  },
  {
    name: 'a test fails',
    proposal: {
      trial: {
        ...fine,
        tests: { passed: 1, failed: [{ path: 'policies/tests/a_test.rego', name: 'test_x' }] },
      },
    },
    verdict: 'denied',
    rule: '1.8',
    summary: /test_x/,
  },
  { name: 'locks everybody out', proposal: { trial: { ...fine, locksOut: true } }, verdict: 'passed' },
  {
    name: 'no opa',
    proposal: { trial: { missing: 'no opa', lasting: true } },
    verdict: 'denied',
    rule: '1.8',
    summary: 'no opa',
  },
  {
    name: 'a trial without end',
    proposal: { trial: { missing: 'too long', lasting: false } },
    verdict: 'not_yet',
    rule: '1.8',
  },
  {
    name: 'merged without opa',
    from: landed,
    proposal: { trial: { missing: 'no opa', lasting: true } },
    verdict: 'not_yet',
  },
  {
    name: 'merged without opa, long ago',
    from: landed,
    pull: late,
    proposal: { trial: { missing: 'no opa', lasting: true } },
    verdict: 'denied',
    summary: 'not established in time: no opa',
  },
]

describe('a change of policies', () => {
  test.each(cases)(
    '$name → $verdict $rule',
    ({ from = base, facts, pull, proposal: more, verdict, rule, summary }) => {
      const { mergedTree, ...rest } = { ...proposal, ...more }
      const decision = decidePolicies(
        { ...from, ...facts, pull: { ...from.pull, ...facts?.pull, ...pull } },
        mergedTree === undefined ? rest : { ...rest, mergedTree },
      )
      expect({ verdict: decision.verdict, summary: decision.summary }).toMatchObject({ verdict })
      if (summary !== undefined) expect(decision.summary).toMatch(summary)
      if (rule !== undefined) expect(JSON.stringify(decision.tree)).toContain(`"rule":"${rule}"`)
      if (rule !== undefined && verdict === 'denied') expect(deciders(decision)).toContain(rule)
      expect(decision.requests).toEqual([])
      decisionMarkdown(decision)
    },
  )

  test('nothing that the pull request could say of requests makes it pass', () => {
    const decision = decidePolicies({ ...base, requests: open.requests, reviews: [] }, proposal)
    expect(decision.verdict).toBe('action_required')
  })
})

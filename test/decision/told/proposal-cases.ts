import { decidePolicies, policyTree } from '../../../app/decision/decide-policies.ts'
import type { Decision, Verdict } from '../../../app/decision/decision.ts'
import type { Facts, ProposalFacts } from '../../../app/decision/facts.ts'
import { fine } from '../../support/memory/access-world.ts'
import { bob, carol, hour, minute, now } from '../fixture.ts'
import { base, landed, proposal, reviewed } from '../proposal.ts'

export type ProposalCase = {
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

export const proposalCases: readonly ProposalCase[] = [
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
    facts: { reviews: [reviewed(carol), reviewed(carol, 'approved', { id: 999 })] },
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
    name: 'one new request and one gone besides',
    facts: {
      changes: [
        ...base.changes,
        { path: 'requests/2026/12/a.yaml', kind: 'added', mode: '100644' },
        { path: 'requests/2026/12/b.yaml', kind: 'deleted' },
      ],
    },
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
  {
    name: 'merged an hour ago, to the millisecond',
    from: landed,
    pull: { ...landed.pull, merged: { at: now - hour, commit: 'd', onBranch: true } },
    proposal: { trial: { missing: 'no opa', lasting: true } },
    verdict: 'not_yet',
  },
  {
    name: 'long open, without opa',
    facts: { now: now + 3 * hour },
    proposal: { trial: { missing: 'too long', lasting: false } },
    verdict: 'not_yet',
  },
  { name: 'reopened', pull: { reviewsFrom: now - hour }, verdict: 'passed' },
  { name: 'reopened after the approval', pull: { reviewsFrom: now }, verdict: 'action_required' },
  {
    name: 'several files that are no files',
    proposal: {
      odd: [
        { path: 'policies/b', mode: '120000' },
        { path: 'policies/a', mode: '160000' },
      ],
    },
    verdict: 'denied',
  },
  {
    name: 'several paths, and strays among them',
    proposal: {
      changed: ['policies/b.rego', 'policies/a.rego'],
      strayed: ['policies/d.rego', 'policies/c.rego'],
    },
    verdict: 'passed',
  },
  {
    name: 'does not compile in two places',
    proposal: {
      trial: {
        ...fine,
        compiles: {
          ok: false,
          faults: [
            { path: 'policies/a.rego', line: 3, code: 'parse', message: 'm' },
            { path: 'policies/b.rego', line: 4, code: 'type', message: 'n' },
          ],
        },
      },
    },
    verdict: 'denied',
  },
  {
    name: 'does not compile, and nobody can say where',
    proposal: { trial: { ...fine, compiles: { ok: false, faults: [] } } },
    verdict: 'denied',
  },
  {
    name: 'tests of two pass',
    proposal: { trial: { ...fine, tests: { passed: 2, failed: [] } } },
    verdict: 'passed',
  },
  {
    name: 'seven tests fail',
    proposal: {
      trial: {
        ...fine,
        tests: {
          passed: 0,
          failed: Array.from({ length: 7 }, (_, n) => ({
            path: 'policies/tests/a_test.rego',
            name: `test_${n}`,
          })),
        },
      },
    },
    verdict: 'denied',
  },
  {
    name: 'owners in another order',
    facts: { reviews: [] },
    proposal: {
      owners: {
        people: [{ id: 77 }, { id: carol.id, login: 'carol' }, { id: bob.id, login: 'bob' }],
        count: 1,
      },
    },
    verdict: 'action_required',
  },
]

/** What is decided on it. */
export const decided = ({
  from = base,
  facts,
  pull,
  proposal: more,
}: Omit<ProposalCase, 'name' | 'verdict'>): Decision => {
  const { mergedTree, ...rest } = { ...proposal, ...more }
  return decidePolicies(
    { ...from, ...facts, pull: { ...from.pull, ...facts?.pull, ...pull } },
    mergedTree === undefined ? rest : { ...rest, mergedTree },
  )
}

import { describe, expect, test } from 'vitest'
import { annotationsOf } from '../../app/decision/annotations.ts'
import { decidePolicies } from '../../app/decision/decide-policies.ts'
import { decisionMarkdown } from '../../app/decision/render-markdown.ts'
import { fine } from '../support/memory/access-world.ts'
import { base, proposal } from './proposal.ts'

describe('the decision on a change of policies', () => {
  test('is shown with what a policy owner should know, and none of it as markup', () => {
    const decision = decidePolicies(base, {
      ...proposal,
      changed: ['policies/owners.rego', 'policies/<b>.rego'],
      strayed: ['policies/by-hand.rego'],
      trial: {
        ...fine,
        locksOut: true,
        replayed: 3,
        notReplayed: 1,
        held: ['no network'],
        changes: [
          {
            request: 'req_1',
            path: 'requests/2026/12/a.yaml',
            requester: '@bob',
            before: 'passes',
            after: 'refused',
          },
          {
            request: 'req_2',
            path: 'requests/2026/12/b.yaml',
            requester: 'al*ice*',
            before: 'refused',
            after: 'passes',
          },
          {
            request: 'req_3',
            path: 'requests/2026/12/c.yaml',
            requester: 'dave',
            before: 'passes',
            after: 'passes',
            approvals: { before: 1, after: 2 },
          },
        ],
      },
    })
    expect(decisionMarkdown(decision).split('<details>')[0]).toMatchInlineSnapshot(`
      "✅ **passed**: policies approved by carol

      ⚠️ **These policies would lock everybody out**: no recorded request, and no sample of one, passes under them any more.

      ⚠️ **This brings more than the diff shows**: what follows reached the branch without acceptance, and approving accepts it too.

      - \`policies/by-hand.rego\`

      **Approvals**

      - ✅ 1 of policy owners: carol, account 77; approved by carol

      **What would change for the requests of the last 90 days** (3 decided anew, 1 left out)

      - ➖ \`@bob\` loses \`requests/2026/12/a.yaml\` (\`req_1\`): it passed, and would be refused
      - ➕ al\\*ice\\* gains \`requests/2026/12/b.yaml\` (\`req_2\`): it was refused, and would pass
      - dave: \`requests/2026/12/c.yaml\` (\`req_3\`) would need 2 instead of 1 approvals

      _Tried under: no network._

      **Compared with the accepted policies at \`cccccccccccccccccccccccccccccccccccccccc\`**

      - \`policies/<b>.rego\`
      - \`policies/owners.rego\`

      "
    `)
  })

  test('faults are annotations at their lines', () => {
    const faults = [{ path: 'policies/a.rego', line: 3, column: 7, code: 'rego_parse_error', message: 'm' }]
    const decision = decidePolicies(base, {
      ...proposal,
      trial: { ...fine, compiles: { ok: false, faults } },
    })
    expect(annotationsOf(decision)).toEqual([
      {
        path: 'policies/a.rego',
        startLine: 3,
        endLine: 3,
        startColumn: 7,
        endColumn: 7,
        title: 'rego parse error',
        message: 'm',
      },
    ])
  })
})

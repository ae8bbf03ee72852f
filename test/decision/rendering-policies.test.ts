import { describe, expect, test } from 'vitest'
import { annotationsOf } from '../../app/decision/annotations.ts'
import { decidePolicies } from '../../app/decision/decide-policies.ts'
import type { PolicyDecision } from '../../app/decision/decision.ts'
import { decisionMarkdown } from '../../app/decision/render-markdown.ts'
import { policyLines } from '../../app/decision/render-policies.ts'
import type { PolicyTrialReport } from '../../app/reconcile/ports/policy-trial.ts'
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

      **Approvals**

      - ✅ 1 of policy owners: carol, account 77; approved by carol

      **What would change for the requests of the last 90 days** (3 decided anew, 1 left out)

      - ➕ al\\*ice\\* gains \`requests/2026/12/b.yaml\` (\`req_2\`): it was refused, and would pass
      - ➖ \`@bob\` loses \`requests/2026/12/a.yaml\` (\`req_1\`): it passed, and would be refused
      - dave: \`requests/2026/12/c.yaml\` (\`req_3\`) would need 2 instead of 1 approvals

      _Tried under: no network._

      ⚠️ **This brings more than the diff shows**: what follows reached the branch without acceptance, and approving accepts it too.

      - \`policies/by-hand.rego\`

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

const nothing: PolicyDecision = {
  accepted: 'cafe',
  changed: [],
  strayed: [],
  requirements: [],
  approvedBy: [],
}
const tried = (more: Partial<PolicyTrialReport>): PolicyDecision => ({
  ...nothing,
  trial: { ...fine, ...more },
})
const lines = (count: number) => Array.from({ length: count }, (_, n) => `policies/${n}.rego`)
const replay = '**What would change for the requests of the last 90 days** (0 decided anew)'
const unchanged = [replay, '', '- none of them would come out otherwise', '']
const change = {
  request: 'req_1',
  path: 'a.yaml',
  requester: 'al*',
  before: 'passes',
  after: 'passes',
} as const
const compared = '**Compared with the accepted policies at `cafe`**'

describe('of a change of policies', () => {
  test.each<[string, PolicyDecision, readonly string[]]>([
    ['never tried, nothing is said', nothing, []],
    [
      'its paths are listed',
      { ...nothing, changed: ['policies/a.rego'] },
      [compared, '', '- `policies/a.rego`', ''],
    ],
    [
      'fifty paths are listed',
      { ...nothing, changed: lines(50) },
      [compared, '', ...lines(50).map((one) => `- \`${one}\``), ''],
    ],
    [
      'what is left out of more is counted',
      { ...nothing, changed: lines(53) },
      [compared, '', ...lines(50).map((one) => `- \`${one}\``), '- and 3 more', ''],
    ],
    ['that changes nothing, this is said', tried({}), unchanged],
    [
      'left out are the requests',
      tried({ replayed: 8, notReplayed: 2 }),
      [replay.replace('0 decided anew', '8 decided anew, 2 left out'), '', ...unchanged.slice(2)],
    ],
    [
      'that does not compile, the faults are all',
      tried({
        compiles: {
          ok: false,
          faults: [{ path: 'policies/a.rego', line: 3, code: 'rego_error', message: 'no *x*' }],
        },
      }),
      ['**Faults**', '', '- `policies/a.rego:3` rego\\_error: no \\*x\\*', ''],
    ],
    [
      'failed tests come first',
      tried({ tests: { passed: 1, failed: [{ path: 'policies/a_test.rego', name: 'test_a' }] } }),
      ['**Failed tests**', '', '- `policies/a_test.rego` `test_a`', '', ...unchanged],
    ],
    [
      'tests that were not run are owned up to',
      tried({ tests: { passed: 0, failed: [], notRun: true } }),
      [...unchanged, '_The tests were not run: they are the accepted ones, and there is no opa._', ''],
    ],
    [
      'each measure is named under which it was tried',
      tried({ held: ['no network', 'own <user>'] }),
      [...unchanged, '_Tried under: no network, own \\<user\\>._', ''],
    ],
    [
      'a request that comes out otherwise is told by how',
      tried({
        changes: [
          { ...change, approvals: { before: 1, after: 2 } },
          { ...change, approvals: { before: 2, after: 2 } },
          change,
        ],
      }),
      [
        replay,
        '',
        '- al\\*: other people would have to approve `a.yaml` (`req_1`)',
        '- al\\*: `a.yaml` (`req_1`)',
        '- al\\*: `a.yaml` (`req_1`) would need 2 instead of 1 approvals',
        '',
      ],
    ],
  ])('%s', (_, decision, said) => {
    expect(policyLines(decision)).toEqual(said)
  })
})

/** As recorded: whoever loses came before whoever gains. */
const many = (losing: number, gaining: number) =>
  tried({
    changes: Array.from({ length: losing + gaining }, (_, n) => ({
      ...change,
      path: `${n}.yaml`,
      ...(n < losing
        ? ({ before: 'passes', after: 'refused' } as const)
        : ({ before: 'refused', after: 'passes' } as const)),
    })),
  })
const gainsIn = (text: string) => text.split('\n').filter((line) => line.startsWith('- ➕ '))

describe('of what would change', () => {
  test('who gains comes first, then for whom fewer or others say yes, then who loses, then who needs more', () => {
    const changes = [
      { ...change, path: 'more', approvals: { before: 1, after: 2 } },
      { ...change, path: 'loses', after: 'refused' },
      { ...change, path: 'somehow' },
      { ...change, path: 'others', approvals: { before: 2, after: 2 } },
      { ...change, path: 'fewer', approvals: { before: 2, after: 1 } },
      { ...change, path: 'gains', before: 'refused' },
    ] as const
    const order = policyLines(tried({ changes })).flatMap((line) => /^- .*`(\w+)` \(/.exec(line)?.[1] ?? [])
    expect(order).toEqual(['gains', 'fewer', 'somehow', 'others', 'loses', 'more'])
  })

  test('none who gains is left out for one who loses', () => {
    const lines = policyLines(many(60, 3))
    expect(gainsIn(lines.join('\n')).map((line) => /\d+\.yaml/.exec(line)?.[0])).toEqual([
      '60.yaml',
      '61.yaml',
      '62.yaml',
    ])
    expect(lines).toContain('- and 13 more')
  })

  test('those who gain and are left out are counted', () => {
    expect(policyLines(many(0, 50)).filter((line) => line.includes(' more'))).toEqual([])
    expect(policyLines(many(7, 52))).toContain('- and 9 more, 2 of which gain')
  })

  test('no list of names as long as somebody likes pushes them past what GitHub shows', () => {
    const strayed = Array.from({ length: 50 }, (_, n) => `policies/${n}${'x'.repeat(4000)}`)
    const decision = { ...decidePolicies(base, proposal), policies: { ...many(60, 40), strayed } }
    expect(gainsIn(decisionMarkdown(decision))).toHaveLength(40)
  })
})

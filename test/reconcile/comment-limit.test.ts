import { expect, test } from 'vitest'
import type { Decision, RequestDecision } from '../../app/decision/decision.ts'
import type { StatusRow } from '../../app/reconcile/ports/store.ts'
import { checkOf } from '../../app/reconcile/publish/check.ts'
import { commentBody } from '../../app/reconcile/publish/comment.ts'
import { requestId } from '../../app/request/id.ts'

/** GitHub's: "body is too long (maximum is 65536 characters)". */
const limit = 65_536
const now = Date.parse('2026-12-01T12:00:00Z')
const pathOf = (index: number) => `requests/2026/12/ask-${index}.yaml`
const idOf = (index: number) => requestId(1, 7, pathOf(index))
const rule = { rule: 'request', title: 't', outcome: 'unmet', needed: 'n', had: 'h', children: [] } as const

const decisionOn = (count: number, summary: string): Decision => ({
  at: now,
  moment: 'merge',
  repository: 1,
  pull: 7,
  headSha: 'a'.repeat(40),
  verdict: 'denied',
  summary,
  tree: rule,
  requests: Array.from(
    { length: count },
    (_, index): RequestDecision => ({
      id: idOf(index),
      path: pathOf(index),
      blob: 'b'.repeat(40),
      verdict: 'denied',
      summary,
      tree: rule,
      faults: [],
      hints: [],
      requirements: [],
      approvedBy: [],
    }),
  ),
})
const rowsOf = (count: number, note: string): readonly StatusRow[] =>
  Array.from({ length: count }, (_, index): StatusRow => {
    const person = { id: 1, login: 'alice' }
    const at = { id: idOf(index), repository: 1, pull: 7 }
    return {
      request: {
        ...at,
        path: pathOf(index),
        state: 'granted',
        headSha: 'a'.repeat(40),
        blob: 'b'.repeat(40),
        author: person,
        openedAt: now,
        version: 1,
      },
      grant: {
        ...at,
        requester: person,
        provider: 'mock',
        role: 'r',
        scope: 's',
        reason: '',
        metadata: {},
        state: 'quarantined',
        note,
        bindingKey: 'k',
        startsAt: now,
        endsAt: now + 1,
        tries: 0,
        version: 1,
      },
    }
  })
const names = (count: number) => Array.from({ length: count }, (_, index) => `somebody-${index}`)

test.each([
  ['little', 2, 'no', 'stuck', 3],
  ['many requests', 3_000, 'not in group sre', 'stuck', 0],
  ['many requests with long notes', 300, 'no', 'x*'.repeat(50_000), 0],
  ['a summary without end', 2, 'x'.repeat(200_000), 'stuck', 0],
  ['a summary without end of one request alone', 1, '* '.repeat(200_000), 'stuck', 0],
  ['everybody could approve', 1, 'no', 'stuck', 20_000],
  ['all of it', 3_000, 'x'.repeat(70_000), 'y'.repeat(70_000), 20_000],
] as const)(
  '%s: the comment and the check fit, and say what came out',
  (_, count, summary, note, unasked) => {
    const decision = decisionOn(count, summary)
    const found = new Map(decision.requests.map(({ id }) => [id, 'r'.repeat(400)]))
    const body = commentBody(decision, rowsOf(count, note), { found, revoked: new Map() }, names(unasked))
    expect(body.length).toBeLessThanOrEqual(limit)
    expect(body).toMatch(/^<!-- gitsudo:1:7 -->\n- `req_\w+` is \*\*quarantined\*\*/)
    expect(body).toMatch(count === 1 ? /\n### ❌ .*ask-0\.yaml`: denied\n/ : /\n❌ \*\*denied\*\*: /)
    const shown = (body.match(/\*\*quarantined\*\*/g) ?? []).length
    if (shown < count)
      expect(body).toContain(
        `- and ${count - shown} more; \`gitsudo status\` shows them, \`gitsudo audit --request ID\` the events of each\n`,
      )
    const named = (body.match(/somebody-\d+/g) ?? []).length
    if (named < unasked) expect(body).toContain(` and ${unasked - named} more\n`)
    const check = checkOf(decision)
    expect(check.summary.length).toBeLessThan(limit)
    expect(check.summary).toMatch(/denied/)
  },
)

test.each([
  [50, ''],
  [51, '\n_And 1 more fault, not shown in the files._\n'],
  [100, '\n_And 9950 more faults, not shown in the files._\n'],
])('a check on files with %i faults each has fifty annotations and counts the rest', (count, rest) => {
  const decision = decisionOn(count === 100 ? 100 : 1, 'no')
  const requests = decision.requests.map(({ path: file, ...request }) => ({
    ...{ path: file, ...request },
    faults: Array.from({ length: count }, (_, line) => ({
      ...({ file, line, column: 1, code: 'value', message: 'x'.repeat(200), remedy: 'y' } as const),
    })),
  }))
  const check = checkOf({ ...decision, requests })
  expect(check.annotations).toHaveLength(50)
  expect(check.summary.length).toBeLessThan(limit)
  expect(check.summary.endsWith(rest)).toBe(true)
  expect(check.summary.includes('not shown in the files')).toBe(rest !== '')
})

test('of a reason without end the comment has its beginning', () => {
  const rows = rowsOf(1, '').map(({ request, grant }): StatusRow => {
    if (grant === undefined) throw new Error('no grant')
    return { request, grant: { ...grant, state: 'ended', cause: 'revoked' } }
  })
  const revoked = new Map([[idOf(0), { by: 'alice', why: '*'.repeat(100_000) }]])
  const body = commentBody(decisionOn(1, 'no'), rows, { found: new Map(), revoked }, [])
  expect(body).toContain(`has **ended** (revoked by alice): ${'\\*'.repeat(1_000)}\n`)
})

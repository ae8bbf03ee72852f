import { expect, test } from 'vitest'
import type { LedgerEvent } from '../../app/audit/event.ts'
import { mostReplayed, recordedDecisions } from '../../app/policy/trial/recorded.ts'
import { safeFaults, safePath, safeTests } from '../../app/policy/trial/safe.ts'
import { writeInstant } from '../../app/request/instant.ts'

const evaluated = (request: string, at: number, evaluations: readonly object[]): LedgerEvent => ({
  v: 1,
  type: 'request.evaluated',
  at: writeInstant(at),
  actor: { kind: 'app', id: '1' },
  request,
  repo: 1,
  data: { path: `requests/2026/12/${request}.yaml`, evaluations: evaluations as LedgerEvent['data'][string] },
})
const recorded = (events: readonly LedgerEvent[], verify: (event: LedgerEvent) => boolean = () => true) => ({
  keys: { verify },
  ledger: {
    async *read() {
      for (const [index, event] of events.entries())
        yield { seq: index + 1, event, body: new Uint8Array(), leaf: new Uint8Array() }
    },
  },
})

test('the last decided requests are kept, and the others counted once each', async () => {
  const events = Array.from({ length: mostReplayed + 5 }, (_, i) =>
    evaluated(`r${i}`, i, [{ input: `i${i}` }]),
  )
  const again = [evaluated('r0', 1, [{ input: 'newest' }]), evaluated('r9', 2, [{ input: 'newest' }])]
  const { decisions, left } = await recordedDecisions(recorded([...events, ...again]), 1, 0)
  expect(decisions.length).toBe(mostReplayed)
  expect(decisions.slice(0, 3).map(({ request }) => request)).toEqual(['r9', 'r0', `r${mostReplayed + 4}`])
  expect(decisions[1]?.input).toBe('newest')
  expect(left).toBe(5)
})

test('the input is the requester’s, never a reviewer’s; a decision that asked no policy is none', async () => {
  const events = [
    evaluated('a', 1, [{ reviewer: 7, input: 'of a reviewer' }, { input: 'of the requester' }]),
    evaluated('b', 2, []),
    evaluated('c', 3, [{ reviewer: 7, input: 'of a reviewer' }]),
  ]
  const { decisions } = await recordedDecisions(recorded(events), 1, 0)
  expect(decisions).toEqual([{ request: 'a', path: 'requests/2026/12/a.yaml', input: 'of the requester' }])
})

test('what gitsudo did not sign was not decided', async () => {
  const events = [evaluated('a', 1, [{ input: 'ours' }]), evaluated('a', 2, [{ input: 'of another hand' }])]
  const { decisions } = await recordedDecisions(
    recorded(events, (event) => event === events[0]),
    1,
    0,
  )
  expect(decisions.map(({ input }) => input)).toEqual(['ours'])
})

test('faults say where and what by words of ours, each once, a hundred at most', () => {
  const fault = (change: object) => ({
    file: 'policies/a.rego',
    line: 2,
    column: 3,
    code: 'rego_type_error' as const,
    message: 'hunter2',
    remedy: 'hunter2',
    ...change,
  })
  const shown = safeFaults([
    fault({}),
    fault({ message: 'other words' }),
    fault({ code: 'rego_\u001b[31mhunter2' }),
    fault({ file: 'policies/a`b`.rego', line: 0.5, column: -1 }),
    fault({ code: 'constructor' }),
  ])
  expect(JSON.stringify(shown)).not.toContain('hunter2')
  expect(shown.map(({ path, line, column, code }) => [path, line, column, code])).toEqual([
    ['policies/a.rego', 2, 3, 'rego_type_error'],
    ['policies/a.rego', 2, 3, 'rego_error'],
    ['policies/… (a path with other characters)', 1, 1, 'rego_type_error'],
    ['policies/a.rego', 2, 3, 'constructor'],
  ])
  expect(safeFaults(Array.from({ length: 200 }, (_, line) => fault({ line: line + 1 }))).length).toBe(100)
})

test.each([
  'policies/../x',
  '/etc/passwd',
  'policies/a\n.rego',
  'policies/@everyone.rego',
  `policies/${'a'.repeat(80)}`,
])('the path %j is not repeated', (path) => expect(safePath(path)).not.toContain(path))

test('tests that did not pass are named by plain names; what is skipped is neither', () => {
  const of = (name: string, result: 'passed' | 'failed' | 'error' | 'skipped') => ({
    file: 'policies/tests/a_test.rego',
    line: 4,
    name,
    result,
    why: 'hunter2',
  })
  const shown = safeTests([
    of('test_a', 'passed'),
    of('test_b', 'failed'),
    of('test_<b>', 'failed'),
    of('', 'error'),
    of('todo_test_c', 'skipped'),
  ])
  expect(shown.passed).toBe(1)
  expect(shown.failed.map(({ name }) => name)).toEqual(['test_b', 'the test in line 4', 'the test in line 4'])
  expect(JSON.stringify(shown)).not.toContain('hunter2')
})

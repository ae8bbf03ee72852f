import { expect, test } from 'vitest'
import { decide } from '../../app/decision/decide.ts'
import type { Decision, Verdict } from '../../app/decision/decision.ts'
import { decideGroup, type GroupFacts } from '../../app/decision/merge-group.ts'
import { groupMarkdown } from '../../app/decision/render-markdown.ts'
import { head, open } from './fixture.ts'

const decision = (pull: number, verdict: Verdict): Decision => ({
  at: 1,
  moment: 'forecast',
  repository: 7,
  pull,
  headSha: head,
  verdict,
  summary: `it ${verdict}`,
  tree: { rule: 'pull', title: '', outcome: 'met', needed: '', had: '', children: [] },
  requests: [],
})
const member = (pull: number, verdict: Verdict | undefined, differs: readonly string[] = []) => ({
  pull,
  differs,
  ...(verdict === undefined ? {} : { decision: decision(pull, verdict) }),
})
const facts = (change: Partial<GroupFacts> = {}): GroupFacts => ({
  head,
  members: [member(5, 'passed'), member(6, 'passed')],
  strays: [],
  disputed: [],
  policiesAhead: [],
  ...change,
})

test('a group passes when each of its pull requests does, and says who they are', () => {
  const { tree, ...group } = decideGroup(facts())
  expect(group).toEqual({ head, verdict: 'passed', summary: '#5, #6 pass together', failing: [] })
  expect(tree.children.map(({ rule, outcome, had }) => [rule, outcome, had])).toEqual([
    ['6.10b', 'met', 'none'],
    ['6.06a', 'met', 'one each'],
    ['1.5', 'met', 'not both'],
    ['6.10b', 'met', '#5: it passed'],
    ['6.10b', 'met', '#6: it passed'],
  ])
})

const bringing = (pull: number, what: 'policies' | 'requests') => {
  const made = member(pull, 'passed')
  const policies = { accepted: head, changed: [], strayed: [], requirements: [], approvedBy: [] }
  const more =
    what === 'policies' ? { policies } : { requests: [decide(open).requests[0]].flatMap((one) => one ?? []) }
  return { ...made, decision: { ...decision(pull, 'passed'), ...more } }
}

test('policies pass by themselves, and requests behind them do not concern them', () => {
  const members = [bringing(5, 'policies'), bringing(6, 'policies')]
  expect(decideGroup(facts({ members, policiesAhead: [4] })).verdict).toBe('passed')
})

test('so do requests behind nothing', () => {
  expect(decideGroup(facts({ members: [bringing(6, 'requests')] })).verdict).toBe('passed')
})

test('a group of very many is told within what GitHub takes', () => {
  const members = Array.from({ length: 400 }, (_, n) => {
    const made = member(n, 'denied')
    return made.decision === undefined
      ? made
      : { ...made, decision: { ...made.decision, summary: 's'.repeat(900) } }
  })
  const told = groupMarkdown(decideGroup(facts({ members })))
  expect(told.length).toBeLessThan(65_535)
  expect(told).toMatch(/^❌ .*\n\n_Shortened; `gitsudo status` shows all of it._\n$/)
})

test.each<[string, Partial<GroupFacts>, Verdict, string, readonly number[]]>([
  ['nobody in it', { members: [] }, 'denied', 'no open pull request is in it', []],
  ['a change from elsewhere', { strays: ['requests/x'] }, 'denied', 'requests/x came with no open', []],
  [
    'a change of two',
    { disputed: ['requests/x'] },
    'denied',
    'several open pull requests bring requests/x',
    [],
  ],
  ['one denied', { members: [member(5, 'passed'), member(6, 'denied')] }, 'denied', '#6: it denied', [6]],
  ['one waiting', { members: [member(5, 'action_required')] }, 'action_required', '#5 to pass', [5]],
  ['one in trouble', { members: [member(5, 'not_yet')] }, 'not_yet', '#5: it not_yet', [5]],
  ['one never decided', { members: [member(5, undefined)] }, 'not_yet', '#5 has not been decided yet', [5]],
  [
    'other bytes',
    { members: [member(5, 'passed', ['requests/x'])] },
    'denied',
    '#5: other bytes at requests/x',
    [5],
  ],
  [
    'policies and requests',
    { members: [bringing(5, 'policies'), bringing(6, 'requests')] },
    'denied',
    '#5 would change the policies under which #6 was decided',
    [5, 6],
  ],
  [
    'policies in front of requests',
    { members: [bringing(6, 'requests')], policiesAhead: [5] },
    'not_yet',
    '#5 changes the policies first',
    [],
  ],
  [
    'a denial besides trouble',
    { members: [member(5, 'not_yet'), member(6, 'denied')] },
    'denied',
    '#6',
    [5, 6],
  ],
])('%s keeps it from passing', (_, change, verdict, said, failing) => {
  const group = decideGroup(facts(change))
  expect(group).toMatchObject({ verdict, summary: expect.stringContaining(said), failing })
  expect(groupMarkdown(group)).toContain('merge group')
})

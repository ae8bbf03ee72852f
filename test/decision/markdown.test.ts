import { describe, expect, test } from 'vitest'
import type { Decision, RequestDecision, Requirement, RuleNode } from '../../app/decision/decision.ts'
import { approvals, code, safe } from '../../app/decision/markdown.ts'
import { decisionMarkdown } from '../../app/decision/render-markdown.ts'
import { bob, carol } from './fixture.ts'

describe('words', () => {
  test.each([
    ['', ''],
    [' \n\t', ''],
    ['  two \r\n words\u2028', 'two words'],
    ['1. *x* <b> @bob', '1\\. \\*x\\* \\<b\\> `@bob`'],
    ['GH-1 gh-x #2 ＠bob', '`GH-1` gh\\-x `#2` `＠bob`'],
  ])('%j is inert as %j', (words, shown) => {
    expect(safe(words)).toBe(shown)
  })
  test.each([
    ['', ''],
    [' \u3000', ''],
    ['  x y ', '`x y`'],
    ['x`y', '``x`y``'],
    ['`x', '`` `x ``'],
    ['x``', '``` x`` ```'],
    ['x\ny', '`xU+000Ay`'],
  ])('%j is code as %j', (words, shown) => {
    expect(code(words)).toBe(shown)
  })
})

const asked: Requirement = {
  policy: 'p',
  label: 'group sre',
  count: 1,
  reason: '',
  eligible: [bob, carol],
  metBy: [],
}

describe('approvals', () => {
  test.each<[string, Partial<Requirement>, string]>([
    ['by nobody yet', {}, '⏳ 1 of group sre: bob, carol; nobody yet'],
    ['by one', { metBy: [carol] }, '✅ 1 of group sre: bob, carol; approved by carol'],
    [
      'by fewer than needed',
      { count: 2, metBy: [carol] },
      '⏳ 2 of group sre: bob, carol; approved by carol',
    ],
    ['with a reason', { reason: 'cost > 5' }, '⏳ 1 of group sre: bob, carol (cost \\> 5); nobody yet'],
    ['of which nobody may give one', { eligible: [] }, '⏳ 1 of group sre; nobody yet'],
  ])('%s', (_, more, line) => {
    expect(approvals([{ ...asked, ...more }])).toEqual(['**Approvals**', '', `- ${line}`, ''])
  })
  test('that nobody asks for are not spoken of', () => {
    expect(approvals([])).toEqual([])
  })
})

const rule = (more: Partial<RuleNode> = {}): RuleNode => ({
  rule: '1.2',
  title: 'Branch',
  outcome: 'met',
  needed: 'main',
  had: 'dev',
  children: [],
  ...more,
})
const request: RequestDecision = {
  id: 'req_7WWF4X1CK9J9FE6ZDNYBQNE8YV',
  path: 'a.yaml',
  blob: 'b',
  verdict: 'denied',
  summary: 'no',
  tree: rule({ children: [rule({ outcome: 'unmet' })] }),
  faults: [],
  hints: ['ask less'],
  requirements: [],
  approvedBy: [],
}
const denied: Decision = {
  at: 0,
  moment: 'forecast',
  repository: 1,
  pull: 7,
  headSha: 'a',
  verdict: 'denied',
  summary: 'no',
  tree: rule({ children: [rule()] }),
  requests: [request],
}
const own = '### ❌ `a.yaml`: denied\n\nno\n\n**What would help**\n\n- ask less\n'
const other = '### ✅ `b.yaml`: passed\n\nyes\n'
const folded = (title: string, line: string) =>
  `<details><summary>${title}</summary>\n\n${line}\n\n</details>\n`
const rules = folded('Every rule, what it needed and what it had', '- ❌ **Branch** `1.2`: dev (needs main)')
const pull = folded('The pull request', '- ✅ **Branch** `1.2`: dev')

describe('what came of all', () => {
  const passed: RequestDecision = { ...request, path: 'b.yaml', verdict: 'passed', summary: 'yes', hints: [] }
  test.each<[string, Partial<Decision>, readonly string[]]>([
    ['is said by the only request', {}, [own, rules, pull]],
    [
      'is said first of several',
      { summary: '2 requests', requests: [request, passed] },
      ['❌ **denied**: 2 requests\n', own, rules, other, rules, pull],
    ],
    [
      'is said first of several that say the same',
      { requests: [request, request] },
      ['❌ **denied**: no\n', own, rules, own, rules, pull],
    ],
    ['is said first of none', { requests: [] }, ['❌ **denied**: no\n', pull]],
    [
      'is said first where more is said of it',
      { summary: 'no; and this' },
      ['❌ **denied**: no; and this\n', own, rules, pull],
    ],
    [
      'is said first, however long it is',
      { summary: 'x'.repeat(70_000) },
      [`❌ **denied**: ${'x'.repeat(999)}…\n`, own, rules, pull],
    ],
    ['is said first where it is another', { verdict: 'not_yet' }, ['❔ **not yet**: no\n', own, rules, pull]],
  ])('%s', (_, more, parts) => {
    expect(decisionMarkdown({ ...denied, ...more })).toBe(parts.join('\n'))
  })
})

test.each<[string, Partial<RuleNode>, string]>([
  ['met', { remedy: 'rebase' }, '- ✅ **Branch** `1.2`: dev'],
  ['unmet', { outcome: 'unmet' }, '- ❌ **Branch** `1.2`: dev (needs main)'],
  [
    'unmet, with a remedy',
    { outcome: 'unmet', remedy: 'rebase!' },
    '- ❌ **Branch** `1.2`: dev (needs main; rebase\\!)',
  ],
  [
    'told by its children',
    { outcome: 'waiting', had: '', children: [rule()] },
    '- ⏳ **Branch** `1.2` (needs main)\n  - ✅ **Branch** `1.2`: dev',
  ],
])('a rule %s', (_, more, lines) => {
  const decision = { ...denied, requests: [], tree: rule({ children: [rule(more)] }) }
  expect(decisionMarkdown(decision)).toBe(`❌ **denied**: no\n\n${folded('The pull request', lines)}`)
})

describe('past the limit', () => {
  const whole = [own, rules, pull].join('\n')
  const note = '\n\n_Shortened; `gitsudo status` shows all of it._\n'
  test.each([
    ['nothing is left out of what just fits', whole.length, whole],
    ['the rules are left out first', whole.length - 1, own.trimEnd() + note],
    ['all of what is left stays where it just fits', own.length - 1, own.trimEnd() + note],
    [
      'then whole lines from the end',
      own.length - 2,
      `### ❌ \`a.yaml\`: denied\n\nno\n\n**What would help**${note}`,
    ],
    ['a line that does not fit is no half line', 10, note],
  ])('%s', (_, limit, shown) => {
    expect(decisionMarkdown(denied, limit)).toBe(shown)
  })
})

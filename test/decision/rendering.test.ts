import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { annotationsOf, unannotated } from '../../app/decision/annotations.ts'
import { decide } from '../../app/decision/decide.ts'
import type { Decision } from '../../app/decision/decision.ts'
import { decisionMarkdown } from '../../app/decision/render-markdown.ts'
import { decisionText } from '../../app/decision/render-text.ts'
import type { Fault } from '../../app/request/fault.ts'
import { approval, carol, eligibility, group, open, patched, path, request, review } from './fixture.ts'
import { unpainted } from './paint.ts'

const saying = (reason: string): Decision =>
  decide(patched(open, { policies: { eligibility: [eligibility('default', { allow: false, reason })] } }))
const waiting = decide(
  patched(open, {
    facts: { reviews: [review(carol)] },
    policies: { approval: [approval('production', { required: [group('sre'), group('security', 2)] })] },
  }),
)
const fault = (more: Partial<Fault>): Fault => ({
  file: path,
  line: 3,
  column: 5,
  code: 'value',
  message: 'is no duration',
  remedy: 'write 2h',
  ...more,
})
const faulty = (...faults: Fault[]): Decision =>
  decide(patched(open, { request: { read: { ok: false, faults } } }))

/** What GitHub looks at after Markdown: the text outside of code. Backslash escapes are gone by then. */
const outsideCode = (markdown: string): string =>
  markdown.replace(/(?<!\\)(`+)(?!`)[^\n]*?[^`\n]\1(?!`)/g, '').replace(/\\([!-/:-@[-`{-~])/g, '$1')

/** Punctuation that is not escaped and means something to GitHub; a comma, a slash or a quote does not. */
const bare = /(?<!\\)(\\\\)*[!#$&()*+\-.:<=>@[\]^_`{|}~]/
const unescaped = (word: string): string => word.replace(/\\([!-/:-@[-`{-~])/g, '$1')

describe('Markdown', () => {
  test('says what is needed, who may give it, and folds the rules away', () => {
    expect(decisionMarkdown(waiting)).toMatchInlineSnapshot(`
      "### ⏳ \`requests/2026/12/alice-prod.yaml\`: waiting for approval

      needs 2 of group security\\: carol, dave

      **Approvals**

      - ✅ 1 of group sre: bob, carol; approved by carol
      - ⏳ 2 of group security: carol, dave; nobody yet

      <details><summary>Every rule, what it needed and what it had</summary>

      - ✅ **The request file** \`file\`: requests/2026/12/alice\\-prod\\.yaml
      - ✅ **A path that was never used** \`3.4\`: new
      - ✅ **The requester is known** \`requester\`: alice
      - ✅ **A principal for aws** \`requester\`: alice
      - ✅ **In the role catalogue** \`role\`: PowerUser
      - ✅ **A scope of that role** \`scope\`: 123456789012
      - ✅ **Not too long** \`duration\`: 2h
      - ✅ **Eligible** \`eligibility\`: on call \\(policy default\\)
        - ✅ **Policy default** \`eligibility\`: on call
      - ⏳ **Approval** \`approval\` (needs what the approval policies ask for)
        - ✅ **Policy production** \`approval\`: asks for 3 approvals
        - ✅ **Approval by group sre** \`requirement\`: carol
        - ⏳ **Approval by group security** \`requirement\`: nobody yet (needs 2 of group security\\: carol, dave)
        - ✅ **Nobody who could approve asks for changes** \`2.4\`: none
        - ✅ **Reviews** \`2\`: 1
          - ✅ **Review of carol** \`2.4\`: carol approved these bytes
      - ✅ **Within reach of this repository** \`1.1\`: aws 123456789012

      </details>

      <details><summary>The pull request</summary>

      - ✅ **Into the configured branch** \`1.2\`: the base is main
      - ✅ **Requests and nothing else** \`requests\`: requests/2026/12/alice\\-prod\\.yaml
      - ✅ **Plain files at canonical paths** \`6.11\`
        - ✅ **requests/2026/12/alice\\-prod\\.yaml** \`6.11\`: mode 100644
      - ✅ **From this repository** \`6.22\`: acme/access
      - ✅ **Opened by a person** \`6.14\`: alice is a person
      - ✅ **Accepted policies** \`1.3\`: cccccccccccccccccccccccccccccccccccccccc
      - ✅ **Ready for review** \`6.23\`: ready
      - ✅ **Open** \`6.23\`: open

      </details>
      "
    `)
  })
  test('a refusal with what would help', () => {
    const markdown = decisionMarkdown(
      decide(
        patched(open, {
          policies: {
            hints: ['30m would pass'],
            eligibility: [eligibility('default', { allow: false, reason: 'at most 30m' })],
          },
        }),
      ),
    )
    expect(markdown).toContain('❌ `requests/2026/12/alice-prod.yaml`: denied')
    expect(markdown).toContain('**What would help**\n\n- 30m would pass')
  })
  test('what the merge revokes besides is said first', () => {
    const changes = [...open.changes, { path: 'requests/2025/01/old.yaml', kind: 'deleted' as const }]
    expect(decisionMarkdown(decide({ ...open, changes })).split('###')[0]).toBe(
      '✅ **passed**: approved by bob; merging revokes requests/2025/01/old\\.yaml\n\n',
    )
  })
  test('nothing to decide', () => {
    const decision = decide({ ...open, changes: [], requests: [], reviews: [] })
    expect(decisionMarkdown(decision)).toContain('✅ **passed**: nothing to decide')
  })

  test.each([
    ['a mention', 'ask @octocat or @acme/admins'],
    ['a mention behind punctuation', '(@octocat),x@octocat'],
    ['a reference', 'see #1, acme/access#2 and GH-3'],
  ])('%s stays inert', (_, words) => {
    const text = outsideCode(decisionMarkdown(saying(words)))
    expect(text).not.toMatch(/@|gh-\d/i)
    expect(text.replaceAll(/^#+ /gm, '')).not.toContain('#')
  })
  test.each([
    ['HTML', '</details><img src=x onerror=alert(1)><!--'],
    ['an entity', '&lt;script&gt; &#64;octocat'],
    ['a link', '[click](https://evil.example) <https://evil.example> https://evil.example www.evil.example'],
    ['an image', '![x](https://evil.example/x.png)'],
    ['emphasis', '**passed** __passed__ ~~denied~~'],
    ['a table', '| a | b |'],
    ['backticks', '`` ` ``` x `'],
    ['a fence', '```\n# passed'],
    ['a backslash at the end', 'x \\'],
  ])('%s stays text', (_, words) => {
    const markdown = decisionMarkdown(saying(words))
    const line = markdown.split('\n').find((one) => one.endsWith('\\(policy default\\)')) ?? ''
    const said = line.replace(/ \\\(policy default\\\)$/, '')
    const plain = said
      .split(' ')
      .map((word) => (word.startsWith('`') ? word.replaceAll('`', '') : unescaped(word)))
    expect(said.split(' ').filter((word) => !word.startsWith('`') && bare.test(word))).toEqual([])
    expect(plain.join(' ')).toBe(words.replace(/\s+/g, ' '))
  })
  test('a new line begins nothing', () => {
    const lines = decisionMarkdown(saying('x\n\n# passed\n- [x] passed\u2028y\r\nz')).split('\n')
    expect(lines.filter((line) => /^\s*(# |- \[x\])/.test(line))).toEqual([])
  })
  test('what reorders or hides text is shown as its number', () => {
    expect(decisionMarkdown(saying('x\u202ey\u200bz\u0007'))).toContain('xU\\+202EyU\\+200BzU\\+0007')
  })
  test('an address that must be added can be copied', () => {
    const contributors = [
      { as: 'author', unresolved: 'x@y.example', remedy: 'add x@y.example to identities.yaml' },
    ] as const
    expect(decisionMarkdown(decide({ ...open, contributors }))).toContain(
      '- add `x@y.example` to identities\\.yaml',
    )
  })
  test('faults', () => {
    const markdown = decisionMarkdown(
      faulty(fault({ message: '"@octocat" is no duration', remedy: 'write <2h>' })),
    )
    expect(markdown).toContain(`- \`${path}:3:5\` \`"@octocat"\` is no duration; write \\<2h\\>`)
  })
  test('never longer than GitHub takes, and never cut inside what is folded', () => {
    const faults = Array.from({ length: 100 }, (_, line) => fault({ line, message: '<'.repeat(900) }))
    const requests = Array.from({ length: 20 }, (_, n) => ({
      ...request,
      id: `req_${n}` as const,
      path: `requests/2026/12/r${n}.yaml`,
      read: { ok: false as const, faults },
    }))
    const changes = requests.map((one) => ({ path: one.path, kind: 'added' as const, mode: '100644' }))
    const markdown = decisionMarkdown(decide({ ...open, changes, requests }))
    expect(markdown.length).toBeLessThan(61_000)
    expect(markdown).toContain('Shortened')
    expect(markdown).not.toContain('<details>')
  })
  test('nobody is ever mentioned, whatever is said', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('@', '#', '`', '\\', '<', ' ', '\n', 'a', '1', 'G', 'H', '-') }),
        (words) => {
          expect(outsideCode(decisionMarkdown(saying(`x ${words} y`)))).not.toMatch(/@|(?<!^)#(?=\d)|GH-\d/m)
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('text', () => {
  test('a tree for the terminal', () => {
    expect(decisionText(waiting, unpainted)).toMatchInlineSnapshot(`
      "⏳ waiting needs 2 of group security: carol, dave
      pull request 7
      ├ ✓ Into the configured branch: the base is main 1.2
      ├ ✓ Requests and nothing else: requests/2026/12/alice-prod.yaml requests
      ├ ✓ Plain files at canonical paths 6.11
      │ └ ✓ requests/2026/12/alice-prod.yaml: mode 100644 6.11
      ├ ✓ From this repository: acme/access 6.22
      ├ ✓ Opened by a person: alice is a person 6.14
      ├ ✓ Accepted policies: cccccccccccccccccccccccccccccccccccccccc 1.3
      ├ ✓ Ready for review: ready 6.23
      └ ✓ Open: open 6.23
      ⏳ requests/2026/12/alice-prod.yaml waiting: needs 2 of group security: carol, dave
      ├ ✓ The request file: requests/2026/12/alice-prod.yaml file
      ├ ✓ A path that was never used: new 3.4
      ├ ✓ The requester is known: alice requester
      ├ ✓ A principal for aws: alice requester
      ├ ✓ In the role catalogue: PowerUser role
      ├ ✓ A scope of that role: 123456789012 scope
      ├ ✓ Not too long: 2h duration
      ├ ✓ Eligible: on call (policy default) eligibility
      │ └ ✓ Policy default: on call eligibility
      ├ ⏳ Approval (needs what the approval policies ask for) approval
      │ ├ ✓ Policy production: asks for 3 approvals approval
      │ ├ ✓ Approval by group sre: carol requirement
      │ ├ ⏳ Approval by group security: nobody yet (needs 2 of group security: carol, dave) requirement
      │ ├ ✓ Nobody who could approve asks for changes: none 2.4
      │ └ ✓ Reviews: 1 2
      │   └ ✓ Review of carol: carol approved these bytes 2.4
      └ ✓ Within reach of this repository: aws 123456789012 1.1"
    `)
  })
  test('faults before the rules, what would help after them, in the caller’s colours', () => {
    const tagged = (tag: string) => (text: string) => `<${tag}>${text}</${tag}>`
    const paint = {
      good: tagged('g'),
      bad: tagged('b'),
      waiting: tagged('w'),
      bold: tagged('s'),
      dim: tagged('d'),
    }
    const decision = faulty(fault({ message: 'is\tno duration' }), fault({ line: 4, remedy: 'write\n4h' }))
    const only = decision.tree.children.slice(0, 1)
    const requests = decision.requests.map((one) => ({
      ...one,
      hints: ['write 2h', '\u001b[2J'],
      tree: { ...one.tree, children: one.tree.children.slice(0, 1) },
    }))
    expect(
      decisionText({ ...decision, tree: { ...decision.tree, children: only }, requests }, paint),
    ).toMatchInlineSnapshot(`
      "<b>✗</b> <s>denied</s> 2 faults in requests/2026/12/alice-prod.yaml, the first in line 3: is no duration
      <s>pull request 7</s>
      <d>└ </d><g>✓</g> Into the configured branch: the base is main <d>1.2</d>
      <b>✗</b> <s>requests/2026/12/alice-prod.yaml</s> denied: 2 faults in requests/2026/12/alice-prod.yaml, the first in line 3: is no duration
        <b>requests/2026/12/alice-prod.yaml:3:5</b> isU+0009no duration; write 2h
        <b>requests/2026/12/alice-prod.yaml:4:5</b> is no duration; writeU+000A4h
      <d>└ </d><b>✗</b> The request file: 2 faults in requests/2026/12/alice-prod.yaml, the first in line 3: is no duration<d> (needs a file without faults)</d> <d>file</d>
        <w>→</w> write 2h
        <w>→</w> U+001B[2J"
    `)
  })
  test('nothing moves the cursor', () => {
    const shown = decisionText(saying('\u001b[2J\r\u0008x\u009b1A'), unpainted)
    expect(shown.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
  })
})

describe('annotations', () => {
  test('each fault at its place', () => {
    const said = { path, title: 'value', message: 'is no duration; write 2h' }
    expect(
      annotationsOf(
        faulty(
          fault({ line: 9, endLine: 11, endColumn: 2 }),
          fault({ endColumn: 8 }),
          fault({ column: 2 }),
          fault({ line: 0, column: 0 }),
        ),
      ),
    ).toEqual([
      { ...said, startLine: 1, endLine: 1, startColumn: 1, endColumn: 1 },
      { ...said, startLine: 3, endLine: 3, startColumn: 2, endColumn: 2 },
      { ...said, startLine: 3, endLine: 3, startColumn: 5, endColumn: 8 },
      { ...said, startLine: 9, endLine: 11 },
    ])
  })
  test('fifty, which is one write, the first fault of each file before the second of any', () => {
    const file = (n: number) => `requests/2026/12/r${n}.yaml`
    const lines = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)
    const long = lines(1, 101).map((line) => fault({ file: file(10), line }))
    const short = lines(11, 31).flatMap((n) => [2, 1].map((line) => fault({ file: file(n), line })))
    const shown = annotationsOf(faulty(...long, ...short))
    expect(shown.map(({ path, startLine }) => `${path}:${startLine}`)).toEqual([
      ...lines(1, 11).map((line) => `${file(10)}:${line}`),
      ...lines(11, 31).flatMap((n) => [`${file(n)}:1`, `${file(n)}:2`]),
    ])
    expect(unannotated(faulty(...long, ...short))).toBe(90)
    const first = annotationsOf(faulty(...lines(10, 99).flatMap((n) => fault({ file: file(n) }))))
    expect(first.map(({ path }) => path)).toEqual(lines(10, 60).map(file))
  })
  test('none where there is no fault', () => {
    expect(annotationsOf(waiting)).toEqual([])
    expect(unannotated(waiting)).toBe(0)
  })
})

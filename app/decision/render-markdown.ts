import type { Decision, RequestDecision, RuleNode } from './decision.ts'
import { approvals, code, icons, safe, section } from './markdown.ts'
import type { GroupDecision } from './merge-group.ts'
import { policyLines } from './render-policies.ts'
import { shown } from './rule.ts'

/** GitHub takes at most 65,535 characters in a check run's summary; what we write around this stays below. */
const most = 60_000

const words = {
  passed: 'passed',
  denied: 'denied',
  action_required: 'waiting for approval',
  not_yet: 'not yet',
} as const

/**
 * A decision as GitHub Markdown for the check run and the comment: what was decided and why, who is asked, and
 * every rule folded away. Past the limit the rules are left out, then the end, and that is said; what came out stands
 * first.
 * @param limit characters, besides that sentence
 */
export const decisionMarkdown = (decision: Decision, limit = most): string =>
  fitting((rules) => render(decision, rules), limit)

/** A merge group's decision likewise, for the check run on its head. */
export const groupMarkdown = ({ verdict, summary, tree }: GroupDecision): string =>
  fitting((rules) =>
    [`${icons[verdict]} **${words[verdict]}**: ${safe(summary)}`, '', ...rules('The merge group', tree)].join(
      '\n',
    ),
  )

const fitting = (told: (rules: typeof folded) => string, limit = most): string => {
  const full = told(folded)
  if (full.length <= limit) return full
  const brief = told(() => [])
  // Whole lines: half of one could leave code open, and what stands in it would be Markdown.
  return `${brief.slice(0, brief.lastIndexOf('\n', limit) + 1).trimEnd()}\n\n_Shortened; \`gitsudo status\` shows all of it._\n`
}

const render = (decision: Decision, rules: typeof folded): string => {
  const { verdict, summary, requests, tree, policies } = decision
  const [only, ...more] = requests
  // Trouble leaves what was last decided of a request as it was; of the whole there can be more to say.
  const saidBelow = more.length === 0 && only?.verdict === verdict && only.summary === summary
  return [
    ...(saidBelow ? [] : [`${icons[verdict]} **${words[verdict]}**: ${safe(shown(summary))}`, '']),
    ...requests.flatMap((request) => requestLines(request, rules)),
    ...(policies === undefined ? [] : policyLines(policies)),
    ...rules('The pull request', tree),
  ].join('\n')
}

const requestLines = (request: RequestDecision, rules: typeof folded): readonly string[] => [
  `### ${icons[request.verdict]} ${code(request.path)}: ${words[request.verdict]}`,
  '',
  safe(request.summary),
  '',
  ...approvals(request.requirements),
  ...section('What would help', request.hints.map(safe)),
  ...section(
    'Faults',
    request.faults.map(
      ({ file, line, column, message, remedy }) =>
        `${code(`${file}:${line}:${column}`)} ${safe(message)}; ${safe(remedy)}`,
    ),
  ),
  ...rules('Every rule, what it needed and what it had', request.tree),
]

/** `title` is ours: nothing in it needs escaping. The empty line makes GitHub read the rest as Markdown again. */
const folded = (title: string, tree: RuleNode): readonly string[] => [
  `<details><summary>${title}</summary>`,
  '',
  ...tree.children.flatMap((node) => ruleLines(node, '')),
  '',
  '</details>',
  '',
]

const ruleLines = (
  { rule, title, outcome, needed, had, remedy, children }: RuleNode,
  indent: string,
): readonly string[] => {
  const said = had === '' ? '' : `: ${safe(had)}`
  const detail =
    outcome === 'met'
      ? said
      : `${said} (needs ${safe(needed)}${remedy === undefined ? '' : `; ${safe(remedy)}`})`
  return [
    `${indent}- ${icons[outcome]} **${safe(title)}** ${code(rule)}${detail}`,
    ...children.flatMap((child) => ruleLines(child, `${indent}  `)),
  ]
}

import { escapeUnseen } from '../request/quote.ts'
import type { Decision, Outcome, RequestDecision, RuleNode, Verdict } from './decision.ts'

/** How a terminal shows things; the identity where there are no colours. */
export type Paint = {
  readonly good: (text: string) => string
  readonly bad: (text: string) => string
  readonly waiting: (text: string) => string
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
}

type Mark = { readonly sign: string; readonly paint: keyof Paint }
const marks: Readonly<Record<Outcome, Mark>> = {
  met: { sign: '✓', paint: 'good' },
  unmet: { sign: '✗', paint: 'bad' },
  waiting: { sign: '⏳', paint: 'waiting' },
  unknown: { sign: '?', paint: 'waiting' },
}
const verdicts: Readonly<Record<Verdict, Mark & { readonly word: string }>> = {
  passed: { ...marks.met, word: 'passed' },
  denied: { ...marks.unmet, word: 'denied' },
  action_required: { ...marks.waiting, word: 'waiting' },
  not_yet: { ...marks.unknown, word: 'not yet' },
}

/** A decision for the terminal, lines joined by newlines. Nothing in it can move the cursor or change colours. */
export const decisionText = (decision: Decision, paint: Paint): string => {
  const { sign, paint: colour, word } = verdicts[decision.verdict]
  const lines = [
    `${paint[colour](sign)} ${paint.bold(word)} ${plain(decision.summary)}`,
    ...tree({ ...decision.tree, title: `pull request ${decision.pull}` }, paint),
    ...decision.requests.flatMap((request) => requestLines(request, paint)),
  ]
  return lines.join('\n')
}

const requestLines = (request: RequestDecision, paint: Paint): readonly string[] => {
  const { sign, paint: colour, word } = verdicts[request.verdict]
  return [
    `${paint[colour](sign)} ${paint.bold(plain(request.path))} ${word}: ${plain(request.summary)}`,
    ...request.faults.map(
      ({ file, line, column, message, remedy }) =>
        `  ${paint.bad(plain(`${file}:${line}:${column}`))} ${plain(message)}; ${plain(remedy)}`,
    ),
    ...branches(request.tree.children, '', paint),
    ...request.hints.map((hint) => `  ${paint.waiting('→')} ${plain(hint)}`),
  ]
}

const tree = (node: RuleNode, paint: Paint): readonly string[] => [
  paint.bold(plain(node.title)),
  ...branches(node.children, '', paint),
]

const branches = (nodes: readonly RuleNode[], indent: string, paint: Paint): readonly string[] =>
  nodes.flatMap((node, index) => {
    const last = index === nodes.length - 1
    const { sign, paint: colour } = marks[node.outcome]
    const needs = node.outcome === 'met' ? '' : paint.dim(` (needs ${plain(node.needed)})`)
    const had = node.had === '' ? '' : `: ${plain(node.had)}`
    return [
      `${paint.dim(`${indent}${last ? '└' : '├'} `)}${paint[colour](sign)} ${plain(node.title)}${had}${needs} ${paint.dim(node.rule)}`,
      ...branches(node.children, `${indent}${last ? ' ' : '│'} `, paint),
    ]
  })

const plain = (text: string): string => escapeUnseen(text)

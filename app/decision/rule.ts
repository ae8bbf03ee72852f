import { formatDuration } from '../request/duration.ts'
import { escapeUnseen } from '../request/quote.ts'
import type { Decision, Outcome, RuleNode, Verdict } from './decision.ts'

type Moment = Decision['moment']
type More = { readonly remedy?: string | undefined; readonly children?: readonly RuleNode[] }

/** One rule of the tree, its words safe to print and store anywhere. An empty `had` means that the children say it. */
export const rule = (
  number: string,
  title: string,
  outcome: Outcome,
  needed: string,
  had: string,
  { remedy, children = [] }: More = {},
): RuleNode => ({
  rule: number,
  title: shown(title),
  outcome,
  needed: shown(needed),
  had: shown(had),
  ...(remedy === undefined ? {} : { remedy: shown(remedy) }),
  children,
})

/** A rule that holds or does not. The remedy is said only where it does not. */
export const check = (
  number: string,
  title: string,
  holds: boolean,
  needed: string,
  had: string,
  remedy?: string,
): RuleNode => rule(number, title, holds ? 'met' : 'unmet', needed, had, holds ? {} : { remedy })

/** What still needs a person: while open it is waited for, after the merge it can no longer come (trust.md 2.5). */
export const awaited = (moment: Moment): Outcome => (moment === 'forecast' ? 'waiting' : 'unmet')

/**
 * While open, one certain refusal is enough. After the merge only a complete verdict is final (trust.md 3.2),
 * so what could not be established comes first.
 */
const gravity: Readonly<Record<'open' | 'merged', readonly Outcome[]>> = {
  open: ['unmet', 'unknown', 'waiting', 'met'],
  merged: ['unknown', 'unmet', 'waiting', 'met'],
}

export const worst = (nodes: readonly RuleNode[], moment: Moment): Outcome =>
  gravity[moment === 'forecast' ? 'open' : 'merged'].find((one) =>
    nodes.some(({ outcome }) => outcome === one),
  ) ?? 'met'

/** A rule that its children decide. */
export const group = (
  number: string,
  title: string,
  moment: Moment,
  needed: string,
  children: readonly RuleNode[],
): RuleNode => rule(number, title, worst(children, moment), needed, '', { children })

export const verdictOf = (outcome: Outcome, moment: Moment): Verdict => {
  if (outcome === 'met') return 'passed'
  if (outcome === 'unknown') return 'not_yet'
  return outcome === 'waiting' && moment === 'forecast' ? 'action_required' : 'denied'
}

/** The rules that make these nodes come to this outcome: groups whose children say it give way to them. */
export const deciding = (nodes: readonly RuleNode[], outcome: Outcome): readonly RuleNode[] =>
  nodes
    .filter((node) => node.outcome === outcome)
    .flatMap((node) =>
      node.had === '' && node.children.length > 0 ? deciding(node.children, outcome) : [node],
    )

/** Why they come to it, as one sentence that is safe to print anywhere. */
export const because = (nodes: readonly RuleNode[], outcome: Outcome): string => {
  const words = deciding(nodes, outcome).map(({ needed, had }) =>
    outcome === 'waiting' || had === '' ? `needs ${needed}` : had,
  )
  const reasons = [...new Set(words)]
  const rest = reasons.length - 3
  return shown(reasons.slice(0, 3).join('; ') + (rest > 0 ? `; and ${rest} more` : ''))
}

const longest = 1000

/** One well-formed line of bounded length without anything that cannot be seen: policies and files wrote parts of it. */
export const shown = (text: string): string => {
  const line = escapeUnseen(text.slice(0, 2 * longest).replace(/\s+/gu, ' ')).trim()
  return line.length > longest ? `${line.slice(0, longest - 1)}…`.toWellFormed() : line
}

/** Past `grantWindow` the answer is no, even where something could not be established (trust.md 3.6, 3.7, 3.12). */
export const inTime = (
  number: string,
  title: string,
  elapsedMs: number,
  windowMs: number,
  since: string,
): RuleNode => {
  const holds = elapsedMs <= windowMs
  const span = (ms: number) => (Number.isFinite(ms) ? formatDuration(ms / 1000) : 'an unknown time')
  return check(
    number,
    title,
    holds,
    `at most ${span(windowMs)} after ${since}`,
    holds
      ? `${span(elapsedMs)} after it`
      : `${span(elapsedMs)} have passed since ${since}; grantWindow is ${span(windowMs)}`,
    'ask again with a new file',
  )
}

/** What to do about a team that GitHub does not name (trust.md 6.17). */
export const namedAgain =
  'if the team is gone, mend its group in policies/data/groups.yaml; if not, let the App see it'

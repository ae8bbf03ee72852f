import { annotationsOf, unannotated } from '../../decision/annotations.ts'
import type { Decision } from '../../decision/decision.ts'
import { decisionMarkdown } from '../../decision/render-markdown.ts'
import type { CheckRun } from '../ports/github.ts'

/** How a check run says it; `not_yet` is a check in progress. */
export const conclusions = {
  passed: 'success',
  action_required: 'action_required',
  denied: 'failure',
} as const
export const titleOf = ({ summary }: { readonly summary: string }): string =>
  summary.slice(0, 200).toWellFormed()

/** The check run that shows a decision. Its `external_id` names the pull request: SHAs can be shared (trust.md 6.06a). */
export const checkOf = (decision: Decision): CheckRun => ({
  headSha: decision.headSha,
  externalId: `gitsudo:${decision.repository}:${decision.pull}`,
  ...(decision.verdict === 'not_yet'
    ? { status: 'in_progress' as const }
    : { status: 'completed' as const, conclusion: conclusions[decision.verdict] }),
  title: titleOf(decision),
  summary: `${decisionMarkdown(decision)}${restOf(unannotated(decision))}`,
  annotations: annotationsOf(decision),
})

const restOf = (count: number): string =>
  count === 0 ? '' : `\n_And ${count} more ${count === 1 ? 'fault' : 'faults'}, not shown in the files._\n`

import { listed } from '../request/listed.ts'
import type { Decision, Outcome, RequestDecision, RuleNode, Verdict } from './decision.ts'
import type { Facts, RequestFacts } from './facts.ts'
import { byId, byText } from './order.ts'
import type { Judged } from './policy-rules.ts'
import { pullRules } from './pull-rules.ts'
import { judgeRequest } from './request-rules.ts'
import { because, deciding, rule, shown, verdictOf, worst } from './rule.ts'
import { isIdle, touchedBy } from './touched.ts'

/**
 * The decision that follows from these facts, and why. Pure and total: the same facts give the same
 * decision, in whatever order their lists come, and no facts make it throw.
 */
export const decide = (facts: Facts): Decision => {
  const { moment } = facts
  const touched = touchedBy(facts.changes)
  const own = pullRules(facts, touched)
  const tree = whole('pull', `Pull request ${facts.pull.number}`, moment, own)
  const drafts = facts.requests
    .toSorted((a, b) => byText(a.path, b.path) || byText(a.id, b.id))
    .map((request) => ({ request, judged: judgeRequest(facts, request, tree.outcome === 'met') }))
  const outcomes = drafts.map(({ judged }) => outcomeOf([...own, ...judged.nodes], moment))
  const requests = drafts.map(({ request, judged }, index) =>
    conclude(facts, request, judged, own, siblings(outcomes.toSpliced(index, 1), moment)),
  )
  const verdict =
    requests.length === 0 ? verdictOf(outcomeOf(own, moment), moment) : overall(requests, moment)
  const revoked = listed(
    touched.revoked.map(({ path }) => path),
    5,
  )
  return {
    at: facts.now,
    moment,
    repository: facts.repository.id,
    pull: facts.pull.number,
    headSha: facts.pull.headSha,
    ...('commit' in facts.policy ? { policyCommit: facts.policy.commit } : {}),
    verdict,
    summary: shown(
      verdict === 'passed' && isIdle(touched, facts)
        ? 'nothing to decide'
        : requests.length === 0
          ? verdict === 'passed'
            ? `merging revokes ${revoked}`
            : because(own, outcomeOf(own, moment))
          : summaryOf(requests, verdict) + (revoked === '' ? '' : `; merging revokes ${revoked}`),
    ),
    tree,
    requests,
  }
}

/** Late is the one refusal that needs nothing else established (trust.md 3.6, 3.12). */
const outcomeOf = (nodes: readonly RuleNode[], moment: Facts['moment']): Outcome =>
  late(nodes, moment).length > 0 ? 'unmet' : worst(nodes, moment)

const late = (nodes: readonly RuleNode[], moment: Facts['moment']): readonly RuleNode[] =>
  nodes.filter((node) => node.outcome === 'unmet' && node.rule === (moment === 'start' ? '3.7' : '3.6'))

const whole = (
  name: string,
  title: string,
  moment: Facts['moment'],
  children: readonly RuleNode[],
): RuleNode => rule(name, title, outcomeOf(children, moment), 'every rule met', '', { children })

/** None is granted unless all pass; at its own start each lives alone (trust.md 3.3). */
const siblings = (others: readonly Outcome[], moment: Facts['moment']): readonly RuleNode[] => {
  if (others.length === 0 || moment === 'start') return []
  const failing = others.filter((one) => one !== 'met').length
  const outcome =
    failing === 0
      ? 'met'
      : others.includes('unknown')
        ? 'unknown'
        : moment === 'forecast'
          ? 'waiting'
          : 'unmet'
  const had =
    outcome === 'met'
      ? 'they pass'
      : `${failing} of the other requests in this pull request ${moment !== 'forecast' ? 'did not pass' : failing === 1 ? 'does not pass yet' : 'do not pass yet'}`
  return [rule('3.3', 'All or none', outcome, 'every other request in this pull request to pass', had)]
}

const conclude = (
  facts: Facts,
  request: RequestFacts,
  judged: Judged,
  own: readonly RuleNode[],
  others: readonly RuleNode[],
): RequestDecision => {
  const { moment } = facts
  const { nodes, tier, requirements, asked, approvedBy, deniedBy } = judged
  const all = [...nodes, ...own, ...others]
  const outcome = outcomeOf(all, moment)
  const verdict = verdictOf(outcome, moment)
  const belated = late(all, moment)
  const deciders = deciding(all, outcome)
  // Whoever waited for a team to the end is told so.
  const unread = belated.length === 0 ? [] : deciding(all, 'unknown').filter((node) => node.rule === '6.17')
  const reason = because(belated.length > 0 ? belated : all, outcome)
  const why = unread.length === 0 ? reason : shown(`${reason}; ${because(unread, 'unknown')}`)
  // A refusal is a person's only where no rule refuses besides.
  const personal = deniedBy !== undefined && deciders.every(({ rule: number }) => number === '2.4')
  const hints = [
    ...[...deciders, ...unread].flatMap(({ remedy }) => (remedy === undefined ? [] : [remedy])),
    ...(request.policies?.hints ?? []).map(shown),
    ...(request.policiesToo?.hints ?? []).map(shown),
  ]
  return {
    id: request.id,
    path: request.path,
    blob: request.blob,
    verdict,
    summary: verdict === 'passed' ? passed(judged) : why,
    tree: whole('request', request.path, moment, [...nodes, ...others]),
    faults: request.read.ok ? [] : request.read.faults,
    hints: verdict === 'passed' ? [] : [...new Set(hints)],
    ...(tier === undefined ? {} : { tier }),
    requirements,
    ...(asked === undefined
      ? {}
      : { terms: { ...asked, met: nodes.every(({ outcome: one }) => one === 'met') } }),
    ...(verdict === 'denied' && personal ? { deniedBy } : {}),
    approvedBy,
  }
}

const passed = ({ approvedBy }: Judged): string =>
  approvedBy.length === 0
    ? 'passed: the policies ask for no approval'
    : shown(`approved by ${listed(approvedBy.toSorted(byId).map(({ login }) => login))}`)

const overall = (requests: readonly RequestDecision[], moment: Facts['moment']): Verdict => {
  const gravity: readonly Verdict[] =
    moment === 'forecast'
      ? ['denied', 'not_yet', 'action_required']
      : ['not_yet', 'denied', 'action_required']
  return gravity.find((one) => requests.some(({ verdict }) => verdict === one)) ?? 'passed'
}

const words = { passed: 'passed', action_required: 'waiting', denied: 'denied', not_yet: 'not yet' } as const

const summaryOf = (requests: readonly RequestDecision[], verdict: Verdict): string => {
  const [only, ...more] = requests
  if (only === undefined) return words[verdict]
  if (more.length === 0) return only.summary
  const counts = (['passed', 'action_required', 'denied', 'not_yet'] as const)
    .map((one) => ({ one, count: requests.filter((request) => request.verdict === one).length }))
    .filter(({ count }) => count > 0)
    .map(({ one, count }) => `${count} ${words[one]}`)
  const decisive = requests.find((request) => request.verdict === verdict && verdict !== 'passed')
  const why = decisive === undefined ? '' : `: ${decisive.summary}`
  return `${requests.length} requests, ${counts.join(', ')}${why}`
}

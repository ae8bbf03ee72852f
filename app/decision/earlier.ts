import type { Decision, RequestDecision, RuleNode } from './decision.ts'

type Form = (node: RuleNode) => RuleNode

/**
 * The decision as earlier releases said it, newest first. A release that words a rule anew, or says more in a decision,
 * adds here what it said before: only so are decisions known again of which no more than a digest is on record.
 */
export const asEarlier = (decision: Decision): readonly Decision[] => {
  const shorter = reworded(decision, byPim)
  const unbarred = { ...shorter, requests: shorter.requests.map(withoutBarred) }
  return [shorter, unbarred, reworded(unbarred, remedied)]
}

/** Under PIM what PIM itself gives at least could be asked for. */
const byPim: Form = (node) => {
  const had = node.had.replace(
    /^(\S+) is too short: Privileged Identity Management .*$/,
    '$1 is less than Privileged Identity Management gives',
  )
  return node.rule !== 'cloud' || had === node.had
    ? node
    : { ...node, needed: 'at least 5m', had, remedy: 'ask for 5m' }
}

/** Who may not approve was not listed. */
const withoutBarred = (request: RequestDecision): RequestDecision => ({
  ...request,
  requirements: request.requirements.map(({ barred: _, ...one }) => one),
})

/** What to add to `identities.yaml` was said without the line to add. */
const remedied: Form = (node) => {
  const { rule, title, remedy = '' } = node
  const principal = rule === 'requester' && title.startsWith('A principal for ')
  const before = principal
    ? remedy.replace(/^in \S+ add `\S+: \[NAME\]` to the principals of (\S+)$/, 'add one to the entry of $1')
    : rule === '2.6'
      ? remedy.replace(/^under identities in \S+ add `(\S+): \{ id: (\d+), .*$/, 'add $1 with id $2 there')
      : remedy
  return before === remedy ? node : { ...node, remedy: before }
}

const reworded = (decision: Decision, form: Form): Decision => {
  const whole = (node: RuleNode): RuleNode => ({ ...form(node), children: node.children.map(whole) })
  const tree = whole(decision.tree)
  const requests = decision.requests.map((one) => {
    const own = whole(one.tree)
    const remedies = new Map(changes(one.tree, own, ({ remedy = '' }) => remedy))
    const hints = one.hints.map((hint) => remedies.get(hint) ?? hint)
    return { ...one, tree: own, hints, summary: resaid(one.summary, one.tree, own) }
  })
  const summary = decision.requests.reduce(
    (said, { tree: own }, at) => resaid(said, own, requests[at]?.tree ?? own),
    resaid(decision.summary, decision.tree, tree),
  )
  return { ...decision, tree, requests, summary }
}

/** A summary with what it says of rules in the words of the other tree. */
const resaid = (summary: string, is: RuleNode, was: RuleNode): string =>
  changes(is, was, ({ had }) => had).reduce((said, [now, then]) => said.replaceAll(now, () => then), summary)

/** What one tree says and the other says otherwise, in order. */
const changes = (
  is: RuleNode,
  was: RuleNode,
  of: (node: RuleNode) => string,
): readonly (readonly [string, string])[] => [
  ...(of(is) === of(was) ? [] : [[of(is), of(was)] as const]),
  ...is.children.flatMap((child, at) => changes(child, was.children[at] ?? child, of)),
]

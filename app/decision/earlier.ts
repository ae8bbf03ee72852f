import type { Decision, RequestDecision, RuleNode } from './decision.ts'

type Form = (node: RuleNode) => RuleNode

/**
 * The decision as earlier releases said it, newest first. A release that words a rule anew, or says more in a decision,
 * adds here what it said before: only so are decisions known again of which no more than a digest is on record.
 */
export const asEarlier = (decision: Decision): readonly Decision[] => {
  const unbarred = { ...decision, requests: decision.requests.map(withoutBarred) }
  return [unbarred, reworded(unbarred, remedied)]
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
  return {
    ...decision,
    tree: whole(decision.tree),
    requests: decision.requests.map((one) => {
      const tree = whole(one.tree)
      const words = new Map(
        remediesOf(one.tree).map((remedy, at) => [remedy, remediesOf(tree)[at] ?? remedy]),
      )
      return { ...one, tree, hints: one.hints.map((hint) => words.get(hint) ?? hint) }
    }),
  }
}

/** In order; '' where there is none. */
const remediesOf = (node: RuleNode): readonly string[] => [
  node.remedy ?? '',
  ...node.children.flatMap(remediesOf),
]

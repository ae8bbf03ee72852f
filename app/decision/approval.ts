import type { Requirement, RuleNode } from './decision.ts'
import type { Facts, PersonFact, PolicyFacts, RequestFacts } from './facts.ts'
import { type Asked, renewal, voidUpTo } from './renewal.ts'
import { foldApproval, type PolicySays } from './requirements.ts'
import { group, namedAgain, rule } from './rule.ts'
import { weigh } from './weigh.ts'

export type Approval = {
  readonly node: RuleNode
  readonly tier?: 'auto' | 'human'
  readonly requirements: readonly Requirement[]
  readonly approvedBy: readonly PersonFact[]
  readonly deniedBy?: PersonFact
}

/**
 * What the approval policies ask for, and whose reviews meet it (trust.md 2 and 4).
 * @param terms what they ask for with nothing disabled by hand, to be compared with what they asked for before
 */
export const approvalOf = (
  facts: Facts,
  request: RequestFacts,
  policies: PolicyFacts,
  terms: Asked,
): Approval => {
  const { moment } = facts
  const folded = foldApproval(policies, loginOf(facts))
  const nodes = folded.said.map(said)
  if (folded.tier === undefined && nodes.every(({ outcome }) => outcome === 'met')) {
    nodes.push(
      rule(
        '4.2',
        'An approval policy applies',
        'unmet',
        'a policy that applies',
        'no approval policy applies',
        { remedy: 'add one that does to policies/' },
      ),
    )
  }
  const tier = folded.tier === undefined ? {} : { tier: folded.tier }
  const subject = { ...request, after: voidUpTo(facts, request, terms) }
  const weighed =
    folded.tier === 'human'
      ? weigh(facts, subject, folded.requirements)
      : { nodes: [], requirements: [], approvedBy: [] }
  const all = [...nodes, ...weighed.nodes]
  return {
    ...weighed,
    requirements: weighed.requirements.map((one, index) =>
      withBarred(one, folded.requirements[index]?.eligible ?? [], request),
    ),
    node: group('approval', 'Approval', moment, 'what the approval policies ask for', [
      ...all,
      ...renewal(
        facts,
        subject,
        terms,
        all.every(({ outcome }) => outcome === 'met'),
      ),
    ]),
    ...tier,
  }
}

/** Who may not approve it may revoke it still; its requester may in any case (trust.md 6.27b). */
const withBarred = (
  one: Requirement,
  members: readonly PersonFact[],
  { requester }: RequestFacts,
): Requirement => {
  const known = one.eligible.map(({ id }) => id)
  if (requester !== undefined && 'person' in requester) known.push(requester.person.id)
  const barred = members.filter(({ id }) => !known.includes(id))
  return barred.length === 0 ? one : { ...one, barred }
}

export const loginOf = (facts: Facts): ((id: number) => string) => {
  const logins = new Map(
    facts.reviews.flatMap(({ reviewer }) =>
      reviewer === undefined ? [] : [[reviewer.id, reviewer.login] as const],
    ),
  )
  return (id) => logins.get(id) ?? `account ${id}`
}

const effects = { allows: 'met', refuses: 'unmet', silent: 'met', trouble: 'unknown' } as const

const said = ({ policy, effect, why, awaits }: PolicySays): RuleNode =>
  rule(
    awaits ? '6.17' : effect === 'refuses' || effect === 'trouble' ? '4.1' : 'approval',
    `Policy ${policy}`,
    effects[effect],
    'no refusal',
    effect === 'allows' || effect === 'silent' ? why : `policy ${policy}: ${why}`,
    awaits ? { remedy: namedAgain } : {},
  )

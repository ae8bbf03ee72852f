import { isEligible } from '../policy/fold.ts'
import { writeInstant } from '../request/instant.ts'
import { approvalOf, loginOf } from './approval.ts'
import type { Requirement, RuleNode } from './decision.ts'
import type { Facts, PersonFact, PolicyFacts, RequestFacts } from './facts.ts'
import { byId, byText } from './order.ts'
import { type Asked, termsOf } from './renewal.ts'
import { explainEligibility, foldApproval, type PolicySays, unexplained } from './requirements.ts'
import { check, group, namedAgain, rule } from './rule.ts'

export type Judged = {
  readonly nodes: readonly RuleNode[]
  readonly tier?: 'auto' | 'human'
  readonly requirements: readonly Requirement[]
  /** What is asked for with nothing disabled by hand. */
  readonly asked?: Asked
  readonly approvedBy: readonly PersonFact[]
  readonly deniedBy?: PersonFact
}

/**
 * What the policies make of a request, undefined where they were not asked. One that was disabled by hand
 * opens nothing: the request passes both with and without it (trust.md 5.4).
 */
export const policyRules = (facts: Facts, request: RequestFacts): Judged | undefined => {
  if (request.policies === undefined) return undefined
  const asked = termsOf(foldApproval(request.policiesToo ?? request.policies, loginOf(facts)))
  const without = ask(facts, request, request.policies, asked)
  if (request.policiesToo === undefined) return without
  const too = ask(facts, request, request.policiesToo, asked)
  const key = ({ policy, label, count }: Requirement) => JSON.stringify([policy, label, count])
  const known = new Set(too.requirements.map(key))
  const approvers = new Map([...without.approvedBy, ...too.approvedBy].map((person) => [person.id, person]))
  const deniedBy = too.deniedBy ?? without.deniedBy
  const tier = without.tier === 'human' ? without.tier : (too.tier ?? without.tier)
  const title = 'With the policies that were disabled by hand'
  const both = group('5.4', title, facts.moment, 'passing with and without them', too.nodes)
  return {
    nodes: [...without.nodes, both],
    asked,
    requirements: [...too.requirements, ...without.requirements.filter((one) => !known.has(key(one)))],
    approvedBy: [...approvers.values()].sort(byId),
    ...(tier === undefined ? {} : { tier }),
    ...(deniedBy === undefined ? {} : { deniedBy }),
  }
}

const ask = (facts: Facts, request: RequestFacts, policies: PolicyFacts, asked: Asked): Judged => {
  const { node, ...approval } = approvalOf(facts, request, policies, asked)
  const overridden = (request.overridden ?? []).map(({ policy, until, by }) =>
    rule(
      '5.4',
      `Policy ${policy} is overridden`,
      'met',
      'two administrators, for at most 4h',
      `${by.join(' and ')}, until ${writeInstant(until)}`,
    ),
  )
  const nodes = [...eligibilityRules(facts, request, policies), ...overridden, node, ...unread(policies)]
  return { ...approval, asked, nodes }
}

/** Whoever may be in a team that nobody can read may be refused, or allowed, for it (trust.md 6.17). */
const unread = ({ missing = [] }: PolicyFacts): readonly RuleNode[] => {
  if (missing.length === 0) return []
  const needed = 'the members of each team that makes a difference'
  const words = [...new Set(missing)].sort(byText).join('; ')
  return [rule('6.17', 'Its teams can be read', 'unknown', needed, words, { remedy: namedAgain })]
}

const eligibilityRules = (
  facts: Facts,
  request: RequestFacts,
  policies: PolicyFacts,
): readonly RuleNode[] => {
  const said = explainEligibility(policies.eligibility)
  const eligible = isEligible(policies.eligibility)
  const words = (effect: PolicySays['effect'], holds: (one: PolicySays) => boolean = () => true) =>
    said
      .filter((one) => one.effect === effect && holds(one))
      .map(({ policy, why }) => `${why} (policy ${policy})`)
  const [reasons, outcome] = (
    [
      [words('refuses'), 'unmet'],
      [words('trouble'), 'unknown'],
      [eligible ? words('allows') : [], 'met'],
      // Policies that only ever refuse would drown the one that says why.
      [words('silent', ({ why }) => why !== unexplained), 'unmet'],
      [words('silent'), 'unmet'],
    ] as const
  ).find(([found]) => found.length > 0) ?? [['there is no eligibility policy'], 'unmet']
  const outcomes = {
    allows: 'met',
    silent: eligible ? 'met' : 'unmet',
    refuses: 'unmet',
    trouble: 'unknown',
  } as const
  const children = said.map(({ policy, effect, why }) =>
    rule('eligibility', `Policy ${policy}`, outcomes[effect], 'allow', why),
  )
  const needed = 'one policy that allows, none that refuses'
  const nodes = [rule('eligibility', 'Eligible', outcome, needed, reasons.join('; '), { children })]
  const { author } = facts.pull
  const { requester } = request
  if (requester === undefined || !('person' in requester) || requester.person.id === author.id) return nodes
  // What may yet be allowed is not refused for this.
  if (policies.missing !== undefined && said.some(({ effect }) => effect === 'trouble')) return nodes
  const { login } = requester.person
  const holds = said.some(({ effect, onBehalf }) => effect === 'allows' && onBehalf === true)
  const had = holds
    ? `${author.login} may ask for ${login}`
    : `no policy lets ${author.login} ask on behalf of ${login}`
  return [
    ...nodes,
    check(
      '4.3',
      'On behalf of',
      holds,
      'allow_on_behalf_of by a policy that allows',
      had,
      `let ${login} open the pull request`,
    ),
  ]
}

import type { ApprovalResult, ApprovalValue, EligibilityResult, RequiredEntry } from '../policy/result.ts'
import type { Requirement } from './decision.ts'
import type { PersonFact, PolicyFacts } from './facts.ts'
import { byId, byText } from './order.ts'

/** What one policy does to the verdict. `trouble` is no verdict (trust.md 3.12). */
export type PolicySays = {
  readonly policy: string
  readonly effect: 'allows' | 'refuses' | 'silent' | 'trouble'
  /** In the policy's own words, or what is wrong with it. */
  readonly why: string
  readonly onBehalf?: boolean
  /** It waits for a team that GitHub does not name any longer (trust.md 6.17). */
  readonly awaits?: true
}

export type Unassigned = Omit<Requirement, 'metBy'> & {
  /** What is asked for, whoever belongs to it (trust.md 1.9). */
  readonly asks: string
  /** Why nobody can tell who may meet it. */
  readonly awaited?: string
}
export type FoldedApproval = {
  readonly said: readonly PolicySays[]
  /** The strictest of the policies that apply; undefined when none does. */
  readonly tier?: 'auto' | 'human'
  readonly requirements: readonly Unassigned[]
}

/** What is said for a policy that neither allows, nor refuses, nor gives a reason. */
export const unexplained = 'has nothing against it, and does not allow it'

/** Each eligibility policy's part in what `isEligible` says of them all. */
export const explainEligibility = (results: readonly EligibilityResult[]): readonly PolicySays[] =>
  results
    .toSorted((a, b) => byText(a.policy, b.policy))
    .map(({ policy, outcome }): PolicySays => {
      if (outcome.kind !== 'value') return failed(policy, outcome)
      const { allow, deny, reason, allowOnBehalfOf } = outcome
      if (deny.length > 0) return { policy, effect: 'refuses', why: deny.toSorted(byText).join('; ') }
      if (!allow) return { policy, effect: 'silent', why: reason === '' ? unexplained : reason }
      return {
        policy,
        effect: 'allows',
        why: reason === '' ? 'allows it' : reason,
        onBehalf: allowOnBehalfOf,
      }
    })

/**
 * All applying policies count together: the strictest tier and every requirement of each (trust.md 4.1, 4.2).
 * @param loginOf a reviewer's login, for policies that are asked per reviewer
 */
export const foldApproval = (policies: PolicyFacts, loginOf: (id: number) => string): FoldedApproval => {
  const folded = policies.approval
    .toSorted((a, b) => byText(a.policy, b.policy))
    .map((result) => foldOne(result, policies, loginOf))
  const tiers = folded.flatMap(({ tier }) => (tier === undefined ? [] : [tier]))
  return {
    said: folded.flatMap(({ said }) => said),
    requirements: folded.flatMap(({ requirements }) => requirements),
    ...(tiers.length === 0 ? {} : { tier: tiers.includes('human') ? 'human' : 'auto' }),
  }
}

const foldOne = (
  { policy, outcome, digests, reviewers }: ApprovalResult,
  policies: PolicyFacts,
  loginOf: (id: number) => string,
): FoldedApproval => {
  const refuses = (why: string): FoldedApproval => ({
    said: [{ policy, effect: 'refuses', why }],
    requirements: [],
  })
  if (outcome.kind !== 'value') return { said: [failed(policy, outcome)], requirements: [] }
  if (outcome.deny.length > 0) return refuses(outcome.deny.toSorted(byText).join('; '))
  if (!outcome.applies)
    return { said: [{ policy, effect: 'silent', why: 'does not apply' }], requirements: [] }
  const tier = tierOf(outcome)
  if (tier === undefined)
    return refuses(`its approver_tier ${JSON.stringify(outcome.tier)} is not auto, ai_review or human`)
  if (tier === 'auto')
    return { said: [{ policy, effect: 'allows', why: 'asks for no approval' }], tier, requirements: [] }

  const asked = reviewers.toSorted((a, b) => a.reviewerId - b.reviewerId)
  const entries = entriesOf(outcome)
  if (entries === undefined) {
    const said = asked.flatMap(({ outcome: of }) => (of.kind === 'value' ? [] : [failed(policy, of)]))
    const eligible = asked.flatMap(({ reviewerId: id, login, outcome: of }) =>
      of.kind === 'value' && of.allow ? [{ id, login: login ?? loginOf(id) }] : [],
    )
    const label = `whoever policy ${policy} allows`
    return {
      said: said.length > 0 ? said : [{ policy, effect: 'allows', why: 'asks for 1 approval' }],
      tier,
      requirements: [
        {
          policy,
          label,
          count: 1,
          reason: '',
          eligible: distinct(eligible),
          // Another policy of this name may allow others.
          asks: `1 of policy ${policy} ${digests.wasm}`,
        },
      ],
    }
  }
  if (entries.length === 0) return refuses('it asks for people to approve and names none')
  const requirements: Unassigned[] = []
  for (const entry of entries) {
    const requirement = requirementOf(policy, entry, policies)
    if (typeof requirement === 'string') return refuses(requirement)
    requirements.push(requirement)
  }
  const awaited = requirements.flatMap((one) => one.awaited ?? [])
  if (awaited.length > 0) {
    const why = `it names ${[...new Set(awaited)].sort(byText).join('; ')}`
    return { said: [{ policy, effect: 'trouble', why, awaits: true }], tier, requirements }
  }
  const total = requirements.reduce((sum, { count }) => sum + count, 0)
  return {
    said: [{ policy, effect: 'allows', why: `asks for ${total} approval${total === 1 ? '' : 's'}` }],
    tier,
    requirements,
  }
}

/** `ai_review` is `human` until there are agents; anything that `required` names asks for people. */
const tierOf = ({ tier, required }: ApprovalValue): 'auto' | 'human' | undefined => {
  if (tier === 'human' || tier === 'ai_review') return 'human'
  if (tier !== 'auto') return undefined
  return (required ?? []).length > 0 ? 'human' : 'auto'
}

const entriesOf = ({ required, approverGroup }: ApprovalValue): readonly RequiredEntry[] | undefined => {
  if (required !== undefined) return required
  return approverGroup === undefined ? undefined : [{ group: approverGroup, count: 1, reason: '' }]
}

/** A requirement with the people who may meet it, or why there is none to be had. */
const requirementOf = (policy: string, entry: RequiredEntry, policies: PolicyFacts): Unassigned | string => {
  const { count, reason } = entry
  if (!Number.isSafeInteger(count) || count < 1) return `it asks for a count of ${count}; the least is 1`
  if ('group' in entry) {
    const [group, ...more] = policies.groups.filter(({ name }) => name === entry.group)
    if (group === undefined || more.length > 0) return `it names group ${entry.group}, which nobody knows`
    if ('unknown' in group && group.named === undefined)
      return `it names group ${entry.group}: ${group.unknown}`
    const label = `group ${entry.group}`
    // As it was asked for before, or an approval that counts would end with the team (trust.md 1.9).
    const asks = `${count} of ${label}`
    if ('unknown' in group)
      return { policy, label, count, reason, eligible: [], asks, awaited: `${label}: ${group.unknown}` }
    if (group.members.length === 0) return `it names group ${entry.group}, which is empty`
    const team = group.team === undefined ? {} : { team: group.team }
    return {
      policy,
      label,
      count,
      reason,
      eligible: distinct(group.members),
      asks,
      ...team,
    }
  }
  const people: PersonFact[] = []
  for (const login of new Set(entry.users)) {
    const [user, ...more] = policies.users.filter((one) => one.login === login)
    if (user === undefined || more.length > 0) return `it names ${login}, whom nobody knows`
    if ('unknown' in user) return `it names ${login}: ${user.unknown}`
    people.push(user.person)
  }
  if (people.length === 0) return 'it asks for people to approve and names none'
  const eligible = distinct(people)
  const asks = `${count} of users ${eligible.map(({ id }) => id).join(' ')}`
  return { policy, label: eligible.map(({ login }) => login).join(' or '), count, reason, eligible, asks }
}

const failed = (
  policy: string,
  { kind, why }: { readonly kind: 'error' | 'trouble'; readonly why: string },
): PolicySays => ({
  policy,
  effect: kind === 'error' ? 'refuses' : 'trouble',
  why: `it failed: ${why}`,
})

const distinct = (people: readonly PersonFact[]): readonly PersonFact[] => {
  const found = new Map<number, PersonFact>()
  for (const { id, login } of people.toSorted(byId)) if (!found.has(id)) found.set(id, { id, login })
  return [...found.values()]
}

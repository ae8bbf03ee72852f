import { listed } from '../request/listed.ts'
import type { Decision, RuleNode, Verdict } from './decision.ts'
import { because, check, rule, verdictOf, worst } from './rule.ts'

/** Everything that is known of a merge queue's group: its pull requests, decided on as if all were merged. */
export type GroupFacts = {
  readonly head: string
  readonly members: readonly {
    readonly pull: number
    /** undefined: its own check has not been decided for this head. */
    readonly decision?: Decision
    /** Requests of it that the group holds with other bytes, or not at all. */
    readonly differs: readonly string[]
  }[]
  /** Changed paths that none of them changes. */
  readonly strays: readonly string[]
  /** Changed paths of which it cannot be told whose they are. */
  readonly disputed: readonly string[]
  /** Pull requests in front of it that bring policies. */
  readonly policiesAhead: readonly number[]
}

/** What the check run on a group's head says (trust.md 6.10b). */
export type GroupDecision = {
  readonly head: string
  readonly verdict: Verdict
  readonly summary: string
  readonly tree: RuleNode
  /** The pull requests that keep the group from passing. */
  readonly failing: readonly number[]
}

/** The forecast for pull requests that a merge queue would merge together. Pure; each is decided again once merged. */
export const decideGroup = (facts: GroupFacts): GroupDecision => {
  const members = facts.members.map((member) => ({ member, node: memberRule(member) }))
  const apart = !(facts.members.some(bringsPolicies) && facts.members.some(bringsRequests))
  const children = [
    ...(members.length === 0
      ? [rule('6.10b', 'Members', 'unmet', 'pull requests in the group', 'no open pull request is in it')]
      : []),
    check(
      '6.10b',
      'Every change is a pull request’s',
      facts.strays.length === 0,
      'no change that came from elsewhere',
      facts.strays.length === 0 ? 'none' : `${listed(facts.strays, 5)} came with no open pull request`,
    ),
    check(
      '6.06a',
      'It is clear whose',
      facts.disputed.length === 0,
      'one pull request for each change',
      facts.disputed.length === 0
        ? 'one each'
        : `several open pull requests bring ${listed(facts.disputed, 5)}`,
      'close the one that is not meant',
    ),
    ...policyRules(facts, apart),
    ...members.map(({ node }) => node),
  ]
  const outcome = worst(children, 'forecast')
  const numbers = listed(facts.members.map(({ pull }) => `#${pull}`))
  return {
    head: facts.head,
    verdict: verdictOf(outcome, 'forecast'),
    summary: outcome === 'met' ? `${numbers} pass together` : because(children, outcome),
    tree: rule('6.10b', `Merge group of ${numbers}`, outcome, 'every rule met', '', { children }),
    failing: members.flatMap(({ member, node }) => (apart && node.outcome === 'met' ? [] : [member.pull])),
  }
}

type Member = GroupFacts['members'][number]
const bringsPolicies = ({ decision }: Member): boolean => decision?.policies !== undefined
const bringsRequests = ({ decision }: Member): boolean => (decision?.requests.length ?? 0) > 0

/** Requests are decided under the policies in force at their merge, which those that come before them replace. */
const policyRules = ({ members, policiesAhead }: GroupFacts, apart: boolean): readonly RuleNode[] => {
  const numbers = (pulls: readonly number[]) => listed(pulls.map((pull) => `#${pull}`))
  const requests = numbers(members.filter(bringsRequests).map(({ pull }) => pull))
  const policies = numbers(members.filter(bringsPolicies).map(({ pull }) => pull))
  return [
    check(
      '1.5',
      'Policies by themselves',
      apart,
      'policies or requests',
      apart ? 'not both' : `${policies} would change the policies under which ${requests} was decided`,
      'merge the policies first',
    ),
    ...(policiesAhead.length > 0 && requests !== ''
      ? [
          rule(
            '1.5',
            'Under policies that stay',
            'unknown',
            'no other policies in front',
            `${numbers(policiesAhead)} changes the policies first`,
          ),
        ]
      : []),
  ]
}

const outcomes = { passed: 'met', action_required: 'waiting', denied: 'unmet', not_yet: 'unknown' } as const

const memberRule = ({ pull, decision, differs }: Member): RuleNode => {
  const title = `Pull request #${pull}`
  if (differs.length > 0) {
    return rule(
      '2.3',
      title,
      'unmet',
      'the bytes that were approved',
      `#${pull}: other bytes at ${listed(differs, 5)}`,
    )
  }
  if (decision === undefined) {
    return rule('6.10b', title, 'unknown', 'a decision on its head', `#${pull} has not been decided yet`)
  }
  const { verdict, summary } = decision
  return rule('6.10b', title, outcomes[verdict], `#${pull} to pass beside the others`, `#${pull}: ${summary}`)
}

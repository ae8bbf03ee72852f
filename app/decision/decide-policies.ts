import { listed } from '../request/listed.ts'
import type { Decision, PolicyDecision, RuleNode } from './decision.ts'
import type { Facts, ProposalFacts } from './facts.ts'
import { byId, byText } from './order.ts'
import { fromHere, intoBranch, sureOfAll, wherePullStands } from './pull-rules.ts'
import type { Unassigned } from './requirements.ts'
import { because, check, rule, shown, verdictOf, worst } from './rule.ts'
import { pathRules, proposes, touchedBy } from './touched.ts'
import { weigh } from './weigh.ts'

/** The path under which reviews say which tree of policies they cover. */
export const policyTree = 'policies'

/**
 * The decision on a pull request that changes `policies/` and nothing under `requests/` (trust.md 1.3): the very
 * rules of any approval, bound to the tree hash of `policies/`. Pure and total. Nothing in `facts.requests` counts.
 */
export const decidePolicies = (facts: Facts, proposal: ProposalFacts): Decision => {
  const { moment, pull, repository } = facts
  const touched = touchedBy(facts.changes)
  const weighed = weigh(facts, { path: policyTree, blob: proposal.tree ?? 'no tree' }, [ownersOf(proposal)])
  const nodes = [
    intoBranch(facts),
    fromHere(facts),
    ...(proposes(touched) ? pathRules({ ...touched, policies: [] }) : [...pathRules(touched), noProposal]),
    ...ours(facts, proposal),
    ...treeRules(facts, proposal),
    ...trialRules(facts, proposal),
    ...weighed.nodes,
    ...wherePullStands(facts),
    ...sureOfAll(facts),
  ]
  const found = worst(nodes, moment)
  // What could not be established in all that time is refused (trust.md 3.12).
  const overdue =
    moment === 'merge' &&
    found === 'unknown' &&
    pull.merged !== undefined &&
    facts.now - pull.merged.at > repository.grantWindowMs
  const outcome = overdue ? 'unmet' : found
  const verdict = verdictOf(outcome, moment)
  const why = because(nodes, found)
  return {
    at: facts.now,
    moment,
    repository: repository.id,
    pull: pull.number,
    headSha: pull.headSha,
    ...('commit' in facts.policy ? { policyCommit: facts.policy.commit } : {}),
    verdict,
    summary: shown(
      verdict === 'passed'
        ? `policies approved by ${listed(weighed.approvedBy.toSorted(byId).map(({ login }) => login))}`
        : overdue
          ? `not established in time: ${why}`
          : why,
    ),
    tree: rule('1.3', `Pull request ${pull.number}`, outcome, 'every rule met', '', { children: nodes }),
    requests: [],
    policies: {
      ...decisionOn(proposal, weighed),
      ...(pull.reviewsFrom === undefined ? {} : { reviewsFrom: pull.reviewsFrom }),
    },
  }
}

const noProposal = rule(
  '1.3',
  'Policies alone',
  'unmet',
  'policies, and no requests',
  'it does not change policies alone',
)

const ownersOf = ({ owners }: ProposalFacts): Unassigned => ({
  policy: 'configuration',
  label: 'policy owners',
  count: owners.count,
  reason: '',
  eligible: owners.people.map(({ id, login = `account ${id}` }) => ({ id, login })).sort(byId),
  asks: `${owners.count} of policy owners`,
})

/** The policies in force, whose directory says who is who, and with which the proposed ones are compared. */
const ours = ({ policy }: Facts, { superseded, accepted }: ProposalFacts): readonly RuleNode[] => [
  'commit' in policy
    ? rule('1.3', 'Accepted policies', 'met', 'an accepted policy commit', policy.commit)
    : rule('1.3', 'Accepted policies', 'unmet', 'an accepted policy commit', policy.missing),
  ...(superseded
    ? [
        rule(
          '1.3',
          'Newer than the accepted policies',
          'unmet',
          'a commit newer than the accepted one',
          `the accepted policies at ${accepted.slice(0, 10)} are these or newer ones`,
        ),
      ]
    : []),
]

/** One tree: what is reviewed, what is merged, and what the branch held is all seen by the pull request. */
const treeRules = ({ moment, repository }: Facts, proposal: ProposalFacts): readonly RuleNode[] => {
  const { tree, branchTree, baseTree, mergedTree, odd } = proposal
  const nodes = [
    check(
      '1.3',
      'Policies are there',
      tree !== null,
      'a folder policies/',
      tree ?? 'the pull request leaves no folder policies/',
    ),
    ...odd
      .toSorted((a, b) => byText(a.path, b.path))
      .map(({ path, mode }) =>
        rule('6.11', path, 'unmet', 'a plain file', `${path} has mode ${mode}, not 100644`, {
          remedy: 'add it as a plain, not executable file',
        }),
      ),
    check(
      '1.3',
      'Up to date in policies/',
      branchTree === baseTree,
      `policies/ of ${repository.branch} as it is now`,
      branchTree === baseTree
        ? 'nothing changed there since'
        : `${repository.branch} has changed policies/ since: update first`,
      `merge ${repository.branch} into the branch, and have it reviewed again`,
    ),
  ]
  if (moment === 'forecast') return nodes
  const title = 'The merge holds the approved policies'
  const needed = 'policies/ as reviewed'
  return [
    ...nodes,
    mergedTree === undefined
      ? rule('3.1', title, 'unknown', needed, 'the merge commit could not be read')
      : check(
          '3.1',
          title,
          mergedTree === tree,
          needed,
          mergedTree === tree ? (tree ?? '') : 'policies/ in the merge commit is not what was reviewed',
          'propose them again in a new pull request',
        ),
  ]
}

/** What the sandboxed trial of the proposed policies found (trust.md 1.8). What it would change is shown, not judged. */
const trialRules = ({ moment }: Facts, { trial }: ProposalFacts): readonly RuleNode[] => {
  if ('missing' in trial) {
    const outcome = trial.lasting && moment === 'forecast' ? 'unmet' : 'unknown'
    return [rule('1.8', 'They were tried', outcome, 'policies that were compiled and tested', trial.missing)]
  }
  const { compiles, tests } = trial
  const faults = compiles.ok ? [] : compiles.faults
  const [first] = faults
  const many = (count: number, one: string) => `${count} ${one}${count === 1 ? '' : 's'}`
  return [
    check(
      '1.8',
      'They compile',
      compiles.ok,
      'policies without faults',
      compiles.ok
        ? 'they do'
        : `${many(faults.length, 'fault')}${first === undefined ? '' : `, the first in ${first.path}:${first.line}: ${first.code}`}`,
    ),
    ...(compiles.ok
      ? [
          check(
            '1.8',
            'Their tests pass',
            tests.failed.length === 0,
            'tests that all pass',
            tests.failed.length === 0
              ? `${many(tests.passed, 'test')} passed`
              : `${many(tests.failed.length, 'test')} failed: ${listed(
                  tests.failed.map(({ path, name }) => `${path} ${name}`),
                  5,
                )}`,
          ),
        ]
      : []),
  ]
}

const decisionOn = (
  { accepted, tree, changed, strayed, trial }: ProposalFacts,
  { requirements, approvedBy }: Pick<PolicyDecision, 'requirements' | 'approvedBy'>,
): PolicyDecision => ({
  accepted,
  ...(tree === null ? {} : { tree }),
  changed: changed.toSorted(byText),
  strayed: strayed.toSorted(byText),
  requirements,
  approvedBy,
  ...('missing' in trial ? {} : { trial }),
})

import { listed } from '../request/listed.ts'
import { canonicalPath } from '../request/path.ts'
import type { RuleNode } from './decision.ts'
import type { Facts } from './facts.ts'
import { byText } from './order.ts'
import { awaited, check, inTime, rule } from './rule.ts'
import { isCrowded, isIdle, pathRules, type Touched } from './touched.ts'

/** The rules of the pull request as a whole. */
export const pullRules = (facts: Facts, touched: Touched): readonly RuleNode[] => {
  const { pull, policy } = facts
  const base = intoBranch(facts)
  const certain = sureOfAll(facts)
  if (isIdle(touched, facts)) return [base, ...certain]

  const asks = touched.added.length > 0 || facts.requests.length > 0
  return [
    base,
    ...pathRules(touched),
    fromHere(facts),
    ...(asks
      ? [
          check(
            '6.14',
            'Opened by a person',
            pull.authorIsUser,
            'an author who is a person',
            `${pull.author.login} is ${pull.authorIsUser ? '' : 'not '}a person`,
          ),
          'commit' in policy
            ? rule('1.3', 'Accepted policies', 'met', 'an accepted policy commit', policy.commit)
            : rule('1.3', 'Accepted policies', 'unmet', 'an accepted policy commit', policy.missing, {
                remedy: 'firstAcceptedCommit in the configuration names it',
              }),
          ...(isCrowded(touched) ? [] : wholeness(facts, touched)),
        ]
      : []),
    ...wherePullStands(facts),
    ...inWindow(facts),
    ...certain,
  ]
}

export const intoBranch = ({ pull, repository }: Facts): RuleNode =>
  check(
    '1.2',
    'Into the configured branch',
    pull.base === repository.branch,
    `base ${repository.branch}`,
    `the base is ${pull.base}`,
    `retarget the pull request to ${repository.branch}`,
  )

export const fromHere = ({ pull, repository }: Facts): RuleNode =>
  check(
    '6.22',
    'From this repository',
    !pull.fromFork,
    'a branch of this repository',
    pull.fromFork ? 'the pull request comes from a fork' : repository.fullName,
    'push the branch to this repository',
  )

/** Checks belong to commits: of two pull requests with one head, GitHub would let one in by the other's (trust.md 6.06a). */
const aloneAtHead = ({ pull: { sharing = [] }, moment }: Facts): readonly RuleNode[] => {
  if (moment !== 'forecast' || sharing.length === 0) return []
  const others = listed(sharing.map((number) => `#${number}`))
  return [
    rule(
      '6.06a',
      'Alone at its head',
      'unmet',
      'no other open pull request with this head',
      `${others} ${sharing.length === 1 ? 'has' : 'have'} the same head`,
      { remedy: 'close the one that is not meant, or push a commit of its own to it' },
    ),
  ]
}

/** Trouble is no verdict (trust.md 3.12); nor is a commit that stands for several pull requests. */
export const sureOfAll = (facts: Facts): readonly RuleNode[] => [...aloneAtHead(facts), ...troublesOf(facts)]

const troublesOf = (facts: Facts): readonly RuleNode[] => {
  const troubles = [...new Set(facts.troubles)].sort(byText)
  if (troubles.length === 0) return []
  const title = 'Everything needed could be established'
  return [rule('3.12', title, 'unknown', 'every fact', troubles.join('; '), { remedy: 'it is tried again' })]
}

/** Every file that is new has its facts, once, and nothing else has (trust.md 6.12); a scheduled start looks at one alone. */
const wholeness = ({ requests, moment }: Facts, { added, revoked }: Touched): readonly RuleNode[] => {
  const files = added.map(({ path }) => path)
  const known = requests.map(({ path }) => path)
  const single =
    new Set(known).size === known.length && new Set(requests.map(({ id }) => id)).size === known.length
  const stray = known.some((path) => !files.includes(path) || revoked.some((change) => change.path === path))
  const left =
    moment === 'start' ? [] : added.filter(({ path }) => canonicalPath(path).ok && !known.includes(path))
  if (single && !stray && left.length === 0) return []
  return [
    rule(
      '6.12',
      'The whole pull request',
      'unknown',
      'facts about each new file',
      'what was read of the requests contradicts the list of changes',
    ),
  ]
}

/** Whether it may merge, or has merged. */
export const wherePullStands = (facts: Facts): readonly RuleNode[] => {
  const { pull, moment, repository } = facts
  const ready = rule(
    '6.23',
    'Ready for review',
    pull.draft ? awaited(moment) : 'met',
    'a pull request that is ready for review',
    pull.draft ? 'the pull request is a draft' : 'ready',
    pull.draft ? { remedy: 'mark it as ready' } : {},
  )
  const { merged } = pull
  if (moment === 'forecast') {
    if (merged !== undefined)
      return [ready, rule('3.2', 'Open', 'unknown', 'an open pull request', 'it has been merged meanwhile')]
    const open = pull.state === 'open'
    return [
      ready,
      rule(
        '6.23',
        'Open',
        open ? 'met' : 'waiting',
        'an open pull request',
        open ? 'open' : 'the pull request is closed',
      ),
    ]
  }
  if (merged === undefined)
    return [
      ready,
      rule('3.1', 'Merged', 'unknown', 'a merge', 'GitHub does not say that the pull request is merged'),
    ]
  const reached = check(
    '3.1',
    'The merge is on the branch',
    merged.onBranch,
    `a merge commit reachable from ${repository.branch}`,
    merged.onBranch ? merged.commit : `merge commit ${merged.commit} is not on ${repository.branch}`,
  )
  return [ready, reached]
}

/** A first verdict that comes too late is no (trust.md 3.6). */
const inWindow = ({ pull: { merged }, moment, now, repository }: Facts): readonly RuleNode[] =>
  moment === 'merge' && merged !== undefined
    ? [inTime('3.6', 'Decided in time', now - merged.at, repository.grantWindowMs, 'the merge')]
    : []

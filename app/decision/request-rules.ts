import { refusals } from '../grant/grantable.ts'
import { formatDuration } from '../request/duration.ts'
import type { AccessRequest } from '../request/request.ts'
import { askedOf } from './asked-of.ts'
import type { RuleNode } from './decision.ts'
import type { Facts, RequestFacts } from './facts.ts'
import { type Judged, policyRules } from './policy-rules.ts'
import { check, inTime, rule } from './rule.ts'

const day = 86_400_000
/** A later start lies at most this far ahead (trust.md 3.7), in milliseconds. */
const furthestStart = 14 * day

/**
 * The rules of one request by itself. Without accepted policies there is no directory to look anybody up in;
 * a rule of the pull request says so.
 * @param sound whether the pull request lets its requests be asked about at all
 */
export const judgeRequest = (facts: Facts, request: RequestFacts, sound: boolean): Judged => {
  const nothing = { requirements: [], approvedBy: [] }
  const { read } = request
  // Of a fork's requests nobody is looked up: it is refused whoever they are (trust.md 6.22).
  const left = facts.pull.fromFork && request.requester === undefined && request.role === undefined
  const path = [unused(request), ...standing(request), ...merge(facts, request)]
  if (!read.ok) {
    const count = `${read.faults.length} fault${read.faults.length === 1 ? '' : 's'}`
    const first = read.faults[0]
    const had =
      first === undefined
        ? 'the file cannot be read'
        : `${count} in ${request.path}, the first in line ${first.line}: ${first.message}`
    return {
      nodes: [
        rule(
          'file',
          'The request file',
          'unmet',
          'a file without faults',
          had,
          first === undefined ? {} : { remedy: first.remedy },
        ),
        ...path,
      ],
      ...nothing,
    }
  }
  const nodes = [
    rule('file', 'The request file', 'met', 'a file without faults', request.path),
    ...path,
    ...('commit' in facts.policy && !left
      ? [
          ...requesterRules(request, read.request),
          ...roleRules(request, read.request),
          ...cloudRules(facts, request, read.request),
        ]
      : []),
    ...startRules(facts, read.request),
    ...(read.request.breakGlass
      ? [
          rule('8', 'Break-glass', 'unmet', 'breakGlass: false', 'break-glass is not available yet', {
            remedy: 'ask without breakGlass',
          }),
        ]
      : []),
  ]
  const judged = policyRules(facts, request)
  const askable = sound && nodes.every(({ outcome }) => outcome === 'met')
  const had = 'the policies could not be asked'
  const unasked = askable ? [rule('eligibility', 'Policies', 'unknown', 'the policies asked', had)] : []
  return {
    ...nothing,
    ...judged,
    nodes: [...nodes, ...(judged?.nodes ?? unasked), reachRule(facts, read.request)],
  }
}

const unused = ({ usedUp, path }: RequestFacts): RuleNode =>
  check(
    '3.4',
    'A path that was never used',
    !usedUp,
    'a path that was never on the branch',
    usedUp ? `${path} has been on the branch before: one path is one request for ever` : 'new',
    'ask with a new file',
  )

/** What somebody may take away, and has, is not given first. */
const standing = ({ revoked }: RequestFacts): readonly RuleNode[] =>
  revoked === undefined
    ? []
    : [
        rule(
          '6.27',
          'Not revoked',
          'unmet',
          'a request that nobody revoked',
          `${revoked.by} revoked it before it was granted (${revoked.why})`,
          { remedy: 'close this pull request, and ask with a new one where it is needed after all' },
        ),
      ]

/** What was merged, and what is there now, is what was read and reviewed (trust.md 2.3, 3.1, 3.4). */
const merge = (
  { moment, repository }: Facts,
  { path, blob, mergedBlob, branchBlob }: RequestFacts,
): readonly RuleNode[] => {
  if (moment === 'forecast') return []
  const same = (number: string, title: string, found: string | null | undefined, where: string): RuleNode => {
    const needed = `${path} as approved`
    if (found === undefined) return rule(number, title, 'unknown', needed, `${where} could not be read`)
    return check(
      number,
      title,
      found === blob,
      needed,
      found === blob
        ? blob
        : found === null
          ? `${path} is missing in ${where}`
          : `${path} has other bytes in ${where}`,
      'ask again with a new file',
    )
  }
  return [
    same('3.1', 'The merge holds the approved bytes', mergedBlob, 'the merge commit'),
    same('3.4', 'The branch still holds them', branchBlob, repository.branch),
  ]
}

const requesterRules = ({ requester }: RequestFacts, { provider }: AccessRequest): readonly RuleNode[] => {
  const title = 'The requester is known'
  const needed = 'an entry in policies/data/identities.yaml'
  if (requester === undefined)
    return [rule('requester', title, 'unknown', needed, 'the requester was not looked up')]
  if (!('person' in requester))
    return [rule('requester', title, 'unmet', needed, requester.unknown, { remedy: requester.remedy })]
  const { login } = requester.person
  const { principal } = requester
  return [
    rule('requester', title, 'met', needed, login),
    check(
      'requester',
      `A principal for ${provider}`,
      principal !== undefined && principal !== '',
      `a principal of ${login} for ${provider}`,
      principal ?? `policies/data/identities.yaml has no ${provider} principal for ${login}`,
      `in policies/data/identities.yaml add \`${provider}: [NAME]\` to the principals of ${login}`,
    ),
  ]
}

const roleRules = ({ role }: RequestFacts, asked: AccessRequest): readonly RuleNode[] => {
  const title = 'In the role catalogue'
  const needed = `role ${asked.role} for ${asked.provider}`
  if (role === undefined) return [rule('role', title, 'unknown', needed, 'the role was not looked up')]
  if ('unknown' in role) return [rule('role', title, 'unmet', needed, role.unknown, { remedy: role.remedy })]
  if (role.provider !== asked.provider || role.role !== asked.role) {
    return [
      rule('role', title, 'unknown', needed, `the catalogue answered with ${role.role} for ${role.provider}`),
    ]
  }
  const most = formatDuration(role.maxDurationSeconds)
  const length = formatDuration(asked.durationSeconds)
  const short = asked.durationSeconds > 0 && asked.durationSeconds <= role.maxDurationSeconds
  const inScope = role.scopes.includes(asked.scope)
  const scopes = role.scopes.slice(0, 10).join(', ')
  return [
    rule('role', title, 'met', needed, role.cloudRole),
    check(
      'scope',
      'A scope of that role',
      inScope,
      'exactly a scope that the catalogue lists',
      inScope ? asked.scope : `${asked.scope} is no scope of ${role.role}`,
      scopes === '' ? 'the catalogue lists none' : `${role.role} is given in: ${scopes}`,
    ),
    check(
      'duration',
      'Not too long',
      short,
      `at most ${most}`,
      short ? length : `${length} is more than the ${most} of ${role.role}`,
      `${role.role} is given for at most ${most}`,
    ),
  ]
}

/** What the cloud would refuse after the merge is refused before it. */
const cloudRules = ({ moment, repository }: Facts, request: RequestFacts, read: AccessRequest) => {
  const asked = askedOf(request, read)
  if (asked === undefined) return []
  const { provider } = read
  // Nothing tells us when there is room again.
  const then = moment === 'forecast' ? 'have the check run again' : 'ask again with a new file'
  const now = (request.limits ?? []).map((one) => ({ ...one, remedy: `${one.remedy}; then ${then}` }))
  return [...refusals(provider, asked, repository.clouds), ...now].map(({ needed, had, remedy }) =>
    rule('cloud', `Something that ${provider} can grant`, 'unmet', needed, had, { remedy }),
  )
}

const startRules = (
  { moment, now, pull, repository }: Facts,
  { startsAt }: AccessRequest,
): readonly RuleNode[] => {
  if (moment === 'start') {
    const start = Math.max(startsAt ?? 0, pull.merged?.at ?? 0)
    const ahead = start - now
    if (ahead > 0)
      return [
        rule(
          '3.7',
          'Its start has come',
          'unknown',
          'the start',
          `it starts in ${formatDuration(ahead / 1000)}`,
        ),
      ]
    return [inTime('3.7', 'Started in time', -ahead, repository.grantWindowMs, 'the start')]
  }
  if (startsAt === undefined) return []
  const ahead = startsAt - now
  const holds = ahead <= furthestStart
  const had =
    ahead <= 0
      ? 'now'
      : `it starts in ${Number.isFinite(ahead) ? formatDuration(ahead / 1000) : 'an unknown time'}`
  return [
    check(
      '3.7',
      'A start not too far ahead',
      holds,
      'at most 14d ahead',
      had,
      'choose a start within 14 days',
    ),
  ]
}

/** How far the configuration lets this repository reach, whatever its policies say (trust.md 1.1). */
const reachRule = ({ repository }: Facts, { provider, scope }: AccessRequest): RuleNode => {
  const far = !repository.providers.includes(provider)
    ? provider
    : repository.scopes.includes('*') || repository.scopes.includes(scope)
      ? undefined
      : scope
  return check(
    '1.1',
    'Within reach of this repository',
    far === undefined,
    'a provider and a scope that the configuration allows',
    far === undefined ? `${provider} ${scope}` : `${repository.fullName} may not touch ${far}`,
    'the service configuration sets the reach',
  )
}

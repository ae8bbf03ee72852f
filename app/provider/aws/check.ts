import { type AwsReach, type AwsRole, awsRole } from '../../grant/grantable/aws.ts'
import { formatDuration } from '../../request/duration.ts'
import { ifThere } from '../if-there.ts'
import type { Offer } from '../offer.ts'
import { type Call, isRefusal, ProviderError } from '../port.ts'
import type { Api } from './api.ts'
import { classify } from './faults.ts'
import type { StsOptions } from './options.ts'
import { externalIdFault, managerOf, managerPolicy, ownPolicy, trustPolicy } from './policies.ts'
import { nothing } from './session.ts'

type With = {
  readonly api: Api
  readonly options: StsOptions
  readonly reach: Extract<AwsReach, { mode: 'sts_assume_role' }>
}

/** What can be tried is what the catalogue says. */
export const nothingOffered = 'no role of AWS is in an accepted roles.yaml: nothing could be tried'

/** IAM looks at the caller's permission before it reads the document, and keeps nothing of one that is none. */
const noDocument = '{'
const noPolicy = 'gitsudo-check'

/** `mended`: the policies that gitsudo and the role need would mend it. */
type Found = { readonly words: string; readonly mended: boolean }

/**
 * Tries everything that gitsudo does with each role that can be asked for, changing nothing. Where something is
 * missing, or nothing is there yet, the policies that are needed come last.
 */
export const checkRoles = async (with_: With, call: Call): Promise<readonly string[]> => {
  const { api, options } = with_
  try {
    const me = await api.whoami(call.signal)
    const offered = await options.records.offered()
    if (offered.length === 0) return [nothingOffered, ...mending(me, [anyRole(me, options)], options)]
    const found: Found[] = []
    for (const offer of offered) found.push(...(await checkOffer(with_, offer, call)))
    const words = found.map((one) => one.words)
    if (!found.some((one) => one.mended)) return words
    const roles = offered.flatMap((one) => awsRole(options.roleArnTemplate, one) ?? [])
    return [...words, ...mending(me, roles, options)]
  } catch (error) {
    if (error instanceof ProviderError && isRefusal(error)) return [error.message]
    throw error
  }
}

/** What stands for all roles while none is offered: the template's in gitsudo's own account. */
const anyRole = (me: string, { roleArnTemplate }: StsOptions): AwsRole => {
  const [scope = ''] = me.split(':').slice(4)
  const arn = roleArnTemplate.replaceAll('{scope}', scope).replaceAll('{role}', '*')
  return { arn, account: arn.split(':')[4] ?? '', name: '*' }
}

/** The policies that gitsudo, whose ARN is `me`, needs for these roles; by account, because IAM reaches its caller's alone. */
const mending = (
  me: string,
  roles: readonly AwsRole[],
  { externalId, managerRoleArnTemplate }: StsOptions,
): readonly string[] => {
  const { principal, session } = principalOf(me)
  const isOwn = ({ account }: AwsRole): boolean => account === me.split(':')[4]
  const arnsOf = (some: readonly AwsRole[]) => [...new Set(some.map(({ arn }) => arn))]
  const elsewhere = roles.filter((one) => !isOwn(one))
  const managed = [...Map.groupBy(elsewhere, ({ account }) => account)].flatMap(([account, theirs]) => {
    const manager = managerOf(managerRoleArnTemplate, account)?.arn
    return manager === undefined ? [] : [{ manager, theirs }]
  })
  const managers = managed.map(({ manager }) => manager)
  return [
    `each role's trust policy: ${JSON.stringify(trustPolicy(principal, externalId))}`,
    ...(session === undefined
      ? []
      : [`AWS does not show the path of role ${session}: if it has one, write it into that ARN`]),
    `gitsudo's own permissions: ${JSON.stringify(ownPolicy(arnsOf(roles.filter(isOwn)), arnsOf(elsewhere), managers))}`,
    ...managed.map(
      ({ manager, theirs }) =>
        `permissions of ${manager}, which needs that trust policy too: ${JSON.stringify(managerPolicy(arnsOf(theirs)))}`,
    ),
  ]
}

/** Trust policies name the role of a session, not the session. */
const principalOf = (arn: string): { readonly principal: string; readonly session?: string } => {
  const [, partition, account, session] =
    /^(arn:[\w-]+):sts::(\d{12}):assumed-role\/([^/]+)\/.*$/.exec(arn) ?? []
  return session === undefined
    ? { principal: arn }
    : { principal: `${partition}:iam::${account}:role/${session}`, session }
}

const checkOffer = async (
  { api, options, reach }: With,
  offer: Offer,
  call: Call,
): Promise<readonly Found[]> => {
  const role = awsRole(options.roleArnTemplate, offer)
  if (role === undefined) {
    const words = `${offer.cloudRole} in ${offer.scope} is no role: ${reach.roleArnTemplate} makes none of it`
    return [{ words, mended: false }]
  }
  const found: Found[] = []
  const attempt = async (work: Promise<unknown>, besides?: string): Promise<void> => {
    try {
      await work
    } catch (error) {
      if (!(error instanceof ProviderError && isRefusal(error))) throw error
      if (error.kind === 'invalid') return
      found.push({ words: error.message, mended: true })
      if (besides !== undefined) found.push({ words: `${role.arn}: ${besides}`, mended: false })
    }
  }
  const seen = await ifThere(api.role(role, call.signal))
  if ('why' in seen) return [{ words: seen.why, mended: seen.kind !== 'invalid' }]
  const { mostSeconds, trust } = seen.found
  if (offer.seconds > mostSeconds)
    found.push({
      words: `${role.arn}: MaxSessionDuration is ${formatDuration(mostSeconds)}, and roles.yaml offers ${formatDuration(offer.seconds)}`,
      mended: false,
    })
  await attempt(api.policy(role, noPolicy, call.signal))
  await attempt(api.putPolicy(role, noPolicy, noDocument, call.signal))
  await attempt(api.deletePolicy(role, noPolicy, call.signal))
  await attempt(tryAssume(api, role, options, call), externalIdFault(trust, options.externalId))
  return found
}

const tryAssume = async (api: Api, role: AwsRole, { externalId, sessionTags }: StsOptions, call: Call) => {
  const input = {
    RoleArn: role.arn,
    RoleSessionName: noPolicy,
    DurationSeconds: 900,
    Policy: nothing,
    ...(externalId === undefined ? {} : { ExternalId: externalId }),
    ...(sessionTags === 'optional'
      ? {}
      : { SourceIdentity: noPolicy, Tags: [{ Key: 'gitsudo:RequestID', Value: noPolicy }] }),
  }
  try {
    await api.rawAssume(input, call.signal)
  } catch (error) {
    throw classify(error, { call: 'AssumeRole', of: role.arn, permission: 'sts:AssumeRole' })
  }
}

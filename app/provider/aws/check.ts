import { type AwsReach, type AwsRole, awsRole } from '../../grant/grantable/aws.ts'
import { formatDuration } from '../../request/duration.ts'
import type { Offer } from '../offer.ts'
import { type Call, isRefusal, ProviderError } from '../port.ts'
import type { Api } from './api.ts'
import { classify } from './faults.ts'
import type { StsOptions } from './options.ts'
import { nothing } from './session.ts'

/** What gitsudo needs in the account of the roles that it gives out. */
export const rolePermissions = [
  'sts:AssumeRole',
  'sts:TagSession',
  'sts:SetSourceIdentity',
  'iam:GetRole',
  'iam:GetRolePolicy',
  'iam:PutRolePolicy',
  'iam:DeleteRolePolicy',
] as const

/** What a role's trust policy must say for gitsudo to give it out. */
export const trustPolicy = (principal: string, externalId?: string) => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: principal },
      Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'],
      ...(externalId === undefined ? {} : { Condition: { StringEquals: { 'sts:ExternalId': externalId } } }),
    },
  ],
})

/** What gitsudo's own identity must be allowed. */
export const ownPolicy = (roles: readonly string[]) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: rolePermissions, Resource: roles }],
})

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

/**
 * Tries everything that gitsudo does with each role that can be asked for, changing nothing. Where something is
 * missing, the policies that would mend it come last.
 */
export const checkRoles = async (with_: With, call: Call): Promise<readonly string[]> => {
  const { api, options } = with_
  try {
    const me = await api.whoami(call.signal)
    const offered = await options.records.offered()
    if (offered.length === 0) return [nothingOffered]
    const found: string[] = []
    for (const offer of offered) found.push(...(await checkOffer(with_, offer, call)))
    if (!found.some((one) => /permission|AWS refuses/.test(one))) return found
    const roles = [...new Set(offered.flatMap((one) => awsRole(options.roleArnTemplate, one)?.arn ?? []))]
    return [
      ...found,
      `each role's trust policy: ${JSON.stringify(trustPolicy(principalOf(me), options.externalId))}`,
      `gitsudo's own permissions: ${JSON.stringify(ownPolicy(roles))}`,
    ]
  } catch (error) {
    if (error instanceof ProviderError && isRefusal(error)) return [error.message]
    throw error
  }
}

/** Trust policies name the role of a session, not the session. */
const principalOf = (arn: string): string =>
  arn.replace(/^(arn:[\w-]+):sts(::\d{12}:)assumed-role\/([^/]+)\/.*$/, '$1:iam$2role/$3')

const checkOffer = async (
  { api, options, reach }: With,
  offer: Offer,
  call: Call,
): Promise<readonly string[]> => {
  const role = awsRole(options.roleArnTemplate, offer)
  if (role === undefined)
    return [`${offer.cloudRole} in ${offer.scope} is no role: ${reach.roleArnTemplate} makes none of it`]
  const found: string[] = []
  const attempt = async (work: Promise<unknown>): Promise<void> => {
    try {
      await work
    } catch (error) {
      if (!(error instanceof ProviderError && isRefusal(error))) throw error
      if (error.kind !== 'invalid') found.push(error.message)
    }
  }
  try {
    const { mostSeconds } = await api.role(role, call.signal)
    if (offer.seconds > mostSeconds)
      found.push(
        `${role.arn}: MaxSessionDuration is ${formatDuration(mostSeconds)}, and roles.yaml offers ${formatDuration(offer.seconds)}`,
      )
  } catch (error) {
    if (!(error instanceof ProviderError && isRefusal(error))) throw error
    return [error.message]
  }
  await attempt(api.policy(role, noPolicy, call.signal))
  await attempt(api.putPolicy(role, noPolicy, noDocument, call.signal))
  await attempt(api.deletePolicy(role, noPolicy, call.signal))
  await attempt(tryAssume(api, role, options, call))
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

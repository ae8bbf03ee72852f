import { formatDuration } from '../../request/duration.ts'
import type { Asked, Refusal } from './asked.ts'

/** What the configuration says of AWS, as far as it decides what can be granted. */
export type AwsReach =
  | {
      readonly mode: 'sts_assume_role'
      /** With `{scope}` for the account and `{role}` for the role's name. */
      readonly roleArnTemplate: string
      /** gitsudo has a role's credentials itself, so that assuming another one is chaining. */
      readonly chained: boolean
    }
  | { readonly mode: 'identity_center'; readonly instanceArn: string }

/** AssumeRole's `DurationSeconds`: "from 900 seconds (15 minutes) up to the maximum session duration set for the role". */
export const leastSeconds = 900
/** A role's MaxSessionDuration is at most 12 hours; "role chaining limits your … session to a maximum of one hour". */
const mostSeconds = 12 * 3600
const mostChainedSeconds = 3600

const account = /^\d{12}$/
const roleName = /^[\w+=,.@-]{1,64}$/
const roleArn =
  /^arn:aws(?:-[a-z]{2,8}){0,3}:iam::(\d{12}):role\/(?:[!-.0-~]{1,128}\/){0,8}([\w+=,.@-]{1,64})$/

export type AwsRole = { readonly arn: string; readonly account: string; readonly name: string }

/** The IAM role that a template makes of a grant's account and role; undefined: none. */
export const awsRole = (
  template: string,
  { cloudRole, scope }: Pick<Asked, 'cloudRole' | 'scope'>,
): AwsRole | undefined => {
  if (!account.test(scope) || !roleName.test(cloudRole)) return undefined
  const arn = template.replaceAll('{scope}', scope).replaceAll('{role}', cloudRole)
  const [, home, name] = roleArn.exec(arn) ?? []
  return home === undefined || name === undefined ? undefined : { arn, account: home, name }
}

/** Everything for which AWS would never give the access. */
export const awsRefusals = (asked: Asked, reach: AwsReach): readonly Refusal[] => {
  const faults: Refusal[] = []
  if (!account.test(asked.scope))
    faults.push({
      needed: "a scope of twelve digits, the account's id",
      had: `${asked.scope} is no account of AWS`,
      remedy: 'write it so, in quotes, in roles.yaml and in the request',
    })
  const more =
    reach.mode === 'sts_assume_role' ? sessionRefusals(asked, reach) : assignmentRefusals(asked, reach)
  return [...faults, ...more]
}

const permissionSet =
  /^(arn:aws(?:-[a-z]{2,8}){0,3}):sso:::permissionSet\/((?:sso)?ins-[A-Za-z0-9.-]{16})\/ps-[A-Za-z0-9.-]{16}$/
/** A user's id or name in the identity store (UserName: up to 128 characters). */
const user = /^[^\s\p{C}]{1,128}$/u

/** What a role's own MaxSessionDuration, `most`, has against a session of so long; both in seconds. */
export const longerThanRole = (
  { arn }: Pick<AwsRole, 'arn'>,
  most: number,
  seconds: number,
): Refusal | undefined =>
  seconds <= most
    ? undefined
    : {
        needed: `a duration of at most ${formatDuration(most)}, the MaxSessionDuration of ${arn}`,
        had: `${formatDuration(seconds)} is more than the MaxSessionDuration of ${arn}, ${formatDuration(most)}`,
        remedy: `ask for at most ${formatDuration(most)}, or have the role's MaxSessionDuration raised`,
      }

const assignmentRefusals = (
  asked: Asked,
  { instanceArn }: Extract<AwsReach, { mode: 'identity_center' }>,
): readonly Refusal[] => {
  const faults: Refusal[] = []
  const [, partition, instance] = permissionSet.exec(asked.cloudRole) ?? []
  if (instance === undefined || `${partition}:sso:::instance/${instance}` !== instanceArn)
    faults.push({
      needed: `a permission set of ${instanceArn}`,
      had: `${asked.cloudRole} is none`,
      remedy: "write the permission set's ARN as cloudRole in roles.yaml",
    })
  if (!user.test(asked.principal))
    faults.push({
      needed: 'a user of the identity store',
      had: `${asked.principal} is neither an id nor a name of one`,
      remedy: "write the user's id or user name in identities.yaml",
    })
  return faults
}

const sessionRefusals = (
  asked: Asked,
  { roleArnTemplate, chained }: Extract<AwsReach, { mode: 'sts_assume_role' }>,
): readonly Refusal[] => {
  const faults: Refusal[] = []
  if (account.test(asked.scope) && awsRole(roleArnTemplate, asked) === undefined)
    faults.push({
      needed: 'a role whose name has at most 64 letters, digits and _ + = , . @ -',
      had: `${roleArnTemplate} makes no role of ${asked.cloudRole}`,
      remedy: "write the role's name, without what the template adds, as cloudRole in roles.yaml",
    })
  const most = chained ? mostChainedSeconds : mostSeconds
  const seconds = asked.seconds ?? leastSeconds
  if (seconds < leastSeconds)
    faults.push({
      needed: 'a duration of at least 15m',
      had: `${formatDuration(seconds)} is less than the shortest session that AWS gives`,
      remedy: 'ask for 15m',
    })
  if (seconds > most)
    faults.push({
      needed: `a duration of at most ${formatDuration(most)}`,
      had: `${formatDuration(seconds)} is more than ${chained ? 'a session assumed from a role can last' : 'the longest session that AWS gives'}`,
      remedy: `ask for at most ${formatDuration(most)}`,
    })
  return faults
}

import { awsRole } from '../../grant/grantable/aws.ts'

const sessions = ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'] as const
const revocation = ['iam:GetRole', 'iam:GetRolePolicy', 'iam:PutRolePolicy', 'iam:DeleteRolePolicy'] as const

/** What gitsudo needs in the account of the roles that it gives out. */
export const rolePermissions = [...sessions, ...revocation] as const

/** What a role's trust policy must say for gitsudo to give it out. */
export const trustPolicy = (principal: string, externalId?: string) => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: principal },
      Action: sessions,
      ...(externalId === undefined ? {} : { Condition: { StringEquals: { 'sts:ExternalId': externalId } } }),
    },
  ],
})

/**
 * What gitsudo's own identity must be allowed, of the roles in its account and elsewhere. `managers`: those that it takes
 * to look after the latter.
 */
export const ownPolicy = (
  roles: readonly string[],
  elsewhere: readonly string[] = [],
  managers: readonly string[] = [],
) =>
  allowing([
    [rolePermissions, roles],
    [sessions, elsewhere],
    [['sts:AssumeRole'], managers],
  ])

/** What a role must be allowed that looks after those of its account. */
export const managerPolicy = (roles: readonly string[]) => allowing([[revocation, roles]])

/** The role that a template names to look after those of an account; undefined: none there. */
export const managerOf = (template: string | undefined, account: string) => {
  const role = awsRole(template ?? '', { scope: account, cloudRole: 'none' })
  return role?.account === account ? role : undefined
}

const allowing = (
  parts: readonly (readonly [actions: readonly string[], resources: readonly string[]])[],
) => ({
  Version: '2012-10-17',
  Statement: parts
    .filter(([, resources]) => resources.length > 0)
    .map(([Action, Resource]) => ({ Effect: 'Allow', Action, Resource })),
})

/** What a trust policy's wish for an external ID has to do with a refusal, in words; undefined: nothing. */
export const externalIdFault = (trust: string, externalId: string | undefined): string | undefined => {
  const wanted = externalIdsIn(trust)
  if (wanted.length === 0 || wanted.includes(externalId)) return undefined
  return externalId === undefined
    ? 'its trust policy asks for an external ID: set providers.aws.external_id to it'
    : 'its trust policy asks for another external ID than providers.aws.external_id'
}

type Trust = { readonly Statement?: { readonly Condition?: unknown } | readonly { Condition?: unknown }[] }

const externalIdsIn = (trust: string): readonly unknown[] => {
  const { Statement = [] } = parsed(trust)
  return [Statement]
    .flat()
    .flatMap((one) => Object.values(one.Condition ?? {}))
    .flatMap((keys) => Object.entries(keys ?? {}))
    .flatMap(([key, values]) => (key.toLowerCase() === 'sts:externalid' ? values : []))
}

const parsed = (text: string): Trust => {
  try {
    return JSON.parse(text) ?? {}
  } catch {
    return {}
  }
}

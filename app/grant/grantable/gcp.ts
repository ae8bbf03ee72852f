import type { Asked, Refusal } from './asked.ts'

/** Owner, editor and viewer: "You can't add conditions to basic roles" (IAM docs, "Overview of IAM Conditions"). */
const basicRoles: readonly string[] = ['roles/owner', 'roles/editor', 'roles/viewer']

/** A project's id (AIP-2510) or number; old ones carry their domain. */
const project = '(?:[a-z0-9.-]{1,63}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]|\\d{1,19}'
const resource = new RegExp(`^(?:projects/(?:${project})|folders/\\d{1,19}|organizations/\\d{1,19})$`)
const predefined = /^roles\/[a-z][A-Za-z0-9]{0,63}(?:\.[A-Za-z0-9]{1,64}){0,4}$/
const custom = new RegExp(`^(projects/(?:${project})|organizations/\\d{1,19})/roles/[A-Za-z0-9_.]{3,64}$`)
const email = "[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,187}[A-Za-z0-9])?"
const account = new RegExp(`^(?:(user|serviceAccount):)?(${email})$`)
const federated =
  /^principal:\/\/iam\.googleapis\.com\/(?:projects\/\d{1,19}\/)?locations\/global\/(?:workforce|workloadIdentity)Pools\/[a-z0-9-]{4,63}\/subject\/[!-~]{1,127}$/

/** `projects/ID`, `folders/NUMBER` or `organizations/NUMBER`, as the API names it; undefined: no such thing. */
export const gcpResource = (scope: string): string | undefined => (resource.test(scope) ? scope : undefined)

/**
 * The principal as IAM writes it: a person's e-mail address alone means `user:`, and addresses are in lower case, as
 * policies come back. One principal that can act, never a set of them; undefined: not that.
 */
export const gcpMember = (principal: string): string | undefined => {
  if (federated.test(principal)) return principal
  const [, kind = 'user', address] = account.exec(principal) ?? []
  return address === undefined ? undefined : `${kind}:${address.toLowerCase()}`
}

/** Everything for which Google Cloud would never hold the conditional binding. */
export const gcpRefusals = ({ principal, cloudRole, scope }: Asked): readonly Refusal[] => {
  const faults: Refusal[] = []
  if (gcpResource(scope) === undefined)
    faults.push({
      needed: 'a scope projects/ID, folders/NUMBER or organizations/NUMBER',
      had: `${scope} names no project, folder or organisation`,
      remedy: 'write it so in roles.yaml and in the request',
    })
  if (gcpMember(principal) === undefined)
    faults.push({
      needed: 'one user, service account or federated identity',
      had: `${principal} is not one`,
      remedy: 'write user:ADDRESS, serviceAccount:ADDRESS or principal://… in identities.yaml',
    })
  if (basicRoles.includes(cloudRole))
    faults.push({
      needed: 'a role that takes a condition',
      had: `${cloudRole} is a basic role, and Google Cloud puts no condition on those`,
      remedy: 'name a predefined or custom role in roles.yaml',
    })
  else if (!predefined.test(cloudRole) && !custom.test(cloudRole))
    faults.push({
      needed: 'a role roles/…, projects/ID/roles/… or organizations/NUMBER/roles/…',
      had: `${cloudRole} names no role of Google Cloud`,
      remedy: 'write its full name as cloudRole in roles.yaml',
    })
  else {
    const home = custom.exec(cloudRole)?.[1]
    if (home !== undefined && !reaches(home, scope))
      faults.push({
        needed: `a scope within ${home}, where the role is defined`,
        had: `${cloudRole} cannot be granted on ${scope}`,
        remedy: 'define the role in the organisation, or ask for another scope',
      })
  }
  return faults
}

/** Custom roles are granted within what defines them (IAM docs, "Custom roles"); a number may be any project. */
const reaches = (home: string, scope: string): boolean =>
  home.startsWith('organizations/')
    ? !scope.startsWith('organizations/') || scope === home
    : scope === home || (scope.startsWith('projects/') && [scope, home].some((name) => /\/\d+$/.test(name)))

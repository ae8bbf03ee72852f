import { formatDuration } from '../../request/duration.ts'
import type { Asked, Refusal } from './asked.ts'

/** What the configuration says of Azure, as far as it decides what can be granted. */
export type AzureReach = { readonly mode: 'role_assignment' | 'pim' }

/** Privileged Identity Management takes nothing shorter ("Minimum required is 5 minutes"). */
export const leastPimSeconds = 300

/**
 * What has to be asked for, so that PIM can still be asked for that long: the end is fixed by the verdict, and the first
 * call comes after the seal, which is waited for 10 s. A call without an answer takes 10 s, and 25 s until another looks
 * where its worker dies. Two of the one or one of each fit in a minute, with the waits between them (bounds.ts,
 * back-off.ts), and a last call. What takes longer fails the grant; PIM is never asked for more than is left of it.
 */
const leastAskedSeconds = leastPimSeconds + 60

const guid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
/** Names of groups and resources (Azure docs, "Naming rules and restrictions"), as far as they need no escaping. */
const group = '(?!.*\\.$)[\\w.()-]{1,90}'
const resource = '[A-Za-z]\\w*(?:\\.\\w+)+(?:/[A-Za-z]\\w{0,63}/\\w[\\w.()~@$-]{0,259}){1,5}'
const scopes = [
  new RegExp(`^/providers/Microsoft\\.Management/managementGroups/${group}$`, 'i'),
  new RegExp(`^/subscriptions/${guid}$`, 'i'),
  new RegExp(`^/subscriptions/${guid}/resourceGroups/${group}$`, 'i'),
  new RegExp(`^/subscriptions/${guid}/resourceGroups/[\\w.()-]{0,89}[\\w()-]/providers/${resource}$`, 'i'),
]
const alone = new RegExp(`^${guid}$`, 'i')
const account = new RegExp(`^(?:(user|servicePrincipal):)?(${guid})$`, 'i')
/** "Maximum number of characters is 512" (Azure docs, "Azure custom roles"); quotes would end a filter. */
const roleName = /^[\p{L}\p{N}](?:[\p{L}\p{N} ._()/&+:,-]{0,510}[\p{L}\p{N}.)+])?$/u

/** A scope's path in lower case, as Azure compares it; a subscription's id alone means the subscription. Undefined: no scope. */
export const azureScope = (scope: string): string | undefined => {
  const path = alone.test(scope) ? `/subscriptions/${scope}` : scope
  return scopes.some((one) => one.test(path)) ? path.toLowerCase() : undefined
}

/** One principal that can act, by its object id; one without a type is a user. Undefined: not that. */
export const azurePrincipal = (
  principal: string,
): { readonly id: string; readonly type: 'User' | 'ServicePrincipal' } | undefined => {
  const [, type = 'user', id] = account.exec(principal) ?? []
  return id === undefined
    ? undefined
    : { id: id.toLowerCase(), type: type.toLowerCase() === 'user' ? 'User' : 'ServicePrincipal' }
}

/** A role definition by its id, or by the name that Azure shows. Undefined: neither. */
export const azureRole = (
  cloudRole: string,
): { readonly id: string } | { readonly name: string } | undefined =>
  alone.test(cloudRole)
    ? { id: cloudRole.toLowerCase() }
    : roleName.test(cloudRole)
      ? { name: cloudRole }
      : undefined

/** Everything for which Azure would never hold the role assignment. */
export const azureRefusals = (
  { principal, cloudRole, scope, seconds = Infinity }: Asked,
  reach?: AzureReach,
): readonly Refusal[] => {
  const faults: Refusal[] = []
  if (azureScope(scope) === undefined)
    faults.push({
      needed: 'a management group, subscription, resource group or resource',
      had: `${scope} names none of them`,
      remedy:
        'write /subscriptions/ID, /subscriptions/ID/resourceGroups/NAME, a resource’s whole id or /providers/Microsoft.Management/managementGroups/NAME in roles.yaml and in the request',
    })
  if (azurePrincipal(principal) === undefined)
    faults.push({
      needed: 'the object id of one user or service principal',
      had: `${principal} is not one`,
      remedy: 'write the object id, or servicePrincipal:ID, in identities.yaml',
    })
  if (azureRole(cloudRole) === undefined)
    faults.push({
      needed: 'a role by its id or its name',
      had: `${cloudRole} names no role of Azure`,
      remedy: 'write the id or the name that Azure shows as cloudRole in roles.yaml',
    })
  if (reach?.mode === 'pim' && seconds < leastAskedSeconds)
    faults.push({
      needed: `at least ${formatDuration(leastAskedSeconds)}`,
      had: `${formatDuration(seconds)} is too short: Privileged Identity Management gives ${formatDuration(leastPimSeconds)} at least, and is asked a while after the verdict`,
      remedy: `ask for ${formatDuration(leastAskedSeconds)}`,
    })
  return faults
}

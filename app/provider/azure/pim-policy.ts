import type { RoleManagementPolicyAssignment } from '@azure/arm-authorization'
import { azureRole } from '../../grant/grantable/azure.ts'
import { formatDuration, parseDuration } from '../../request/duration.ts'
import type { Offer } from '../offer.ts'
import { roleIdOf } from './held.ts'

type Rule = NonNullable<RoleManagementPolicyAssignment['effectiveRules']>[number]

/**
 * What PIM's policies at a scope refuse of what is offered there, in words. The rules are those of an administrator
 * who assigns (Azure docs, "Mapping of UI settings to PIM policy rules").
 */
export const policyFaults = (
  scope: string,
  policies: readonly RoleManagementPolicyAssignment[],
  offers: readonly Offer[],
): readonly string[] =>
  offers.flatMap(({ cloudRole, seconds }) => {
    const rules = policies.find((policy) => isOf(policy, cloudRole))?.effectiveRules ?? []
    const most = longest(rules.find(({ id }) => id === 'Expiration_Admin_Assignment'))
    return [
      ...(wantsMfa(rules.find(({ id }) => id === 'Enablement_Admin_Assignment'))
        ? [
            `${scope}: PIM wants multifactor authentication of whoever assigns ${cloudRole}, and gitsudo has none`,
          ]
        : []),
      ...(most !== undefined && most < seconds
        ? [
            `${scope}: PIM lets ${cloudRole} be assigned for ${formatDuration(most)}, and roles.yaml offers ${formatDuration(seconds)}`,
          ]
        : []),
    ]
  })

const isOf = (
  { roleDefinitionId, policyAssignmentProperties }: RoleManagementPolicyAssignment,
  cloudRole: string,
): boolean => {
  const role = azureRole(cloudRole)
  if (role === undefined) return false
  return 'id' in role
    ? roleIdOf(roleDefinitionId) === role.id
    : policyAssignmentProperties?.roleDefinition?.displayName === role.name
}

const wantsMfa = (rule: Rule | undefined): boolean =>
  rule !== undefined &&
  'enabledRules' in rule &&
  rule.enabledRules?.includes('MultiFactorAuthentication') === true

/** Seconds; undefined: as long as any request may be. */
const longest = (rule: Rule | undefined): number | undefined => {
  if (rule === undefined || !('maximumDuration' in rule) || rule.maximumDuration === undefined)
    return undefined
  const most = parseDuration(rule.maximumDuration)
  return most.ok ? most.seconds : undefined
}

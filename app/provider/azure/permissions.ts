/** One entry of what Azure says that somebody may do, wildcards included. */
export type Permission = { readonly actions?: readonly string[]; readonly notActions?: readonly string[] }

const always = [
  'Microsoft.Resources/subscriptions/read',
  'Microsoft.Management/managementGroups/read',
  'Microsoft.Authorization/permissions/read',
  'Microsoft.Authorization/roleDefinitions/read',
]

/** What gitsudo needs at every scope, by mode. */
export const permissions = {
  role_assignment: [
    ...always,
    'Microsoft.Authorization/roleAssignments/read',
    'Microsoft.Authorization/roleAssignments/write',
    'Microsoft.Authorization/roleAssignments/delete',
  ],
  pim: [
    ...always,
    'Microsoft.Authorization/roleAssignmentScheduleInstances/read',
    'Microsoft.Authorization/roleAssignmentScheduleRequests/read',
    'Microsoft.Authorization/roleAssignmentScheduleRequests/write',
    'Microsoft.Authorization/roleManagementPolicyAssignments/read',
  ],
} as const satisfies Record<string, readonly string[]>

/** Those of `needed` that nothing held gives. */
export const missing = (held: readonly Permission[], needed: readonly string[]): readonly string[] =>
  needed.filter(
    (wanted) =>
      !held.some(
        ({ actions = [], notActions = [] }) =>
          actions.some((one) => covers(one, wanted)) && !notActions.some((one) => covers(one, wanted)),
      ),
  )

/** Whether an action, perhaps with `*`, is or holds another; Azure compares them without their case. */
const covers = (pattern: string, wanted: string): boolean =>
  new RegExp(`^${pattern.replace(/[^\w*]/g, '\\$&').replaceAll('*', '.*')}$`, 'i').test(wanted)

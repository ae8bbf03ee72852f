import type { Policy, Request, Schedule } from './pim.ts'
import type { Assignment } from './role-assignments.ts'

const namespace = 'Microsoft.Authorization/'

const definition = (scope: string, role: string) => `${scope}/providers/${namespace}roleDefinitions/${role}`

export const assignmentBody = ({ name, scope, role, ...rest }: Assignment) => ({
  id: `${scope}/providers/${namespace}roleAssignments/${name}`,
  type: `${namespace}roleAssignments`,
  name,
  properties: { scope, roleDefinitionId: `${scope}/providers/${namespace}roleDefinitions/${role}`, ...rest },
})

export const requestBody = ({ name, scope, role, schedule, ...rest }: Request) => ({
  id: `${scope}/providers/${namespace}roleAssignmentScheduleRequests/${name}`,
  name,
  properties: {
    scope,
    roleDefinitionId: definition(scope, role),
    targetRoleAssignmentScheduleId: schedule,
    ...rest,
  },
})

export const instanceBody = (one: Omit<Schedule, 'visibleAt'>, roleName = '') => ({
  id: `${one.scope}/providers/${namespace}roleAssignmentScheduleInstances/${one.id}`,
  name: one.id,
  properties: {
    scope: one.scope,
    roleDefinitionId: definition(one.scope, one.role),
    principalId: one.principalId,
    roleAssignmentScheduleId: `${one.scope}/providers/${namespace}roleAssignmentSchedules/${one.id}`,
    status: 'Provisioned',
    startDateTime: new Date(one.startsAt),
    endDateTime: one.endsAt === undefined ? null : new Date(one.endsAt),
    assignmentType: 'Assigned',
    memberType: 'Direct',
    expandedProperties: { roleDefinition: { id: definition(one.scope, one.role), displayName: roleName } },
  },
})

export const policyBody = (
  scope: string,
  role: string,
  displayName: string,
  { mfa, ticket, maximum }: Policy,
) => ({
  id: `${scope}/providers/${namespace}roleManagementPolicyAssignments/${role}`,
  name: role,
  properties: {
    scope,
    roleDefinitionId: definition(scope, role),
    policyAssignmentProperties: { roleDefinition: { id: definition(scope, role), displayName } },
    effectiveRules: [
      {
        id: 'Expiration_Admin_Assignment',
        ruleType: 'RoleManagementPolicyExpirationRule',
        isExpirationRequired: true,
        maximumDuration: maximum,
      },
      {
        id: 'Enablement_Admin_Assignment',
        ruleType: 'RoleManagementPolicyEnablementRule',
        enabledRules: [
          'Justification',
          ...(mfa === true ? ['MultiFactorAuthentication'] : []),
          ...(ticket === true ? ['Ticketing'] : []),
        ],
      },
    ],
  },
})

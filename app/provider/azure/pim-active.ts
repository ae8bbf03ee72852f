import type { RoleAssignmentScheduleInstance, RoleAssignmentScheduleRequest } from '@azure/arm-authorization'
import { guidOf } from './guid.ts'
import { type Held, roleIdOf } from './held.ts'

/** An active assignment, and whether it was made by us; `startsAt` in epoch milliseconds. */
export type Active = Held & {
  readonly roleName: string
  /** Our GUID that it was asked for as, where a request tells. */
  readonly askedAs?: string
  readonly schedule: string
  readonly startsAt: number
  readonly expiresAt: number
  /** The request for it is not to be seen, though there must be one: only PIM gives what ends. */
  readonly unseen: boolean
}

/** What made a schedule: its mark, the GUID of the place that it was for, the role definition. */
export type Asked = {
  readonly schedule: string
  readonly mark: string
  readonly guid: string | undefined
  readonly role: string | undefined
}

/** The ticket of a request of ours: its place outlasts the role's name. */
export const ticketOf = (mark: string, guid: string) => ({
  ticketNumber: mark,
  ticketSystem: `gitsudo ${guid}`,
})

/** Who asked for each schedule. A change by others leaves the schedule what it was. */
export const askedIn = (requests: readonly RoleAssignmentScheduleRequest[]): readonly Asked[] =>
  requests
    .filter(({ requestType }) => requestType === 'AdminAssign')
    .map((one) => ({
      schedule: roleIdOf(one.targetRoleAssignmentScheduleId ?? one.name),
      mark: one.justification?.split(' ')[0] ?? '',
      guid: /^gitsudo (.+)$/.exec(one.ticketInfo?.ticketSystem ?? '')?.[1],
      role: one.roleDefinitionId,
    }))

export const activeOf = (
  one: RoleAssignmentScheduleInstance,
  known: ReadonlyMap<string, Asked>,
  instance: string,
): Active => {
  const { expandedProperties, principalId = '', roleDefinitionId = '' } = one
  const schedule = roleIdOf(one.roleAssignmentScheduleId)
  const asked = known.get(schedule)
  const endsAt = one.endDateTime?.getTime()
  const principal = principalId.toLowerCase()
  const scope = one.scope?.toLowerCase() ?? ''
  const roleName = expandedProperties?.roleDefinition?.displayName ?? ''
  return {
    // Where nobody tells what it was asked for as: whichever way the catalogue writes the role.
    guids:
      asked?.guid === undefined
        ? [roleIdOf(roleDefinitionId), roleName].map((role) => guidOf(instance, scope, role, principal))
        : [asked.guid],
    ...(asked?.guid === undefined ? {} : { askedAs: asked.guid }),
    mark: asked?.mark ?? '',
    unseen: asked === undefined && endsAt !== undefined,
    principal,
    role: roleDefinitionId,
    roleName,
    scope,
    schedule,
    startsAt: one.startDateTime?.getTime() ?? 0,
    // Without an end it lasts for ever.
    expiresAt: endsAt ?? never,
  }
}

/** The last time there is. */
export const never = 8.64e15

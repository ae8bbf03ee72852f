import { AzureError, invalid } from './errors.ts'
import { createKept } from './kept.ts'
import { type Directory, guid } from './role-assignments.ts'
import type { Tree } from './tree.ts'

/** An active assignment. Times are epoch milliseconds; without `endsAt` it lasts. */
export type Schedule = {
  readonly id: string
  readonly scope: string
  /** The role definition's GUID. */
  readonly role: string
  readonly principalId: string
  readonly startsAt: number
  readonly endsAt: number | undefined
  /** Real time, at which it is provisioned. */
  readonly visibleAt: number
}

/** What was asked for; `madeAt` in epoch milliseconds. */
export type Request = {
  readonly name: string
  readonly scope: string
  readonly role: string
  readonly principalId: string
  readonly requestType: string
  readonly justification: string
  readonly ticketInfo?: unknown
  readonly status: string
  readonly schedule: string
  readonly madeAt: number
}

/** What the policy of a role says of administrators who assign it; durations in milliseconds. */
export type Policy = {
  readonly mfa?: boolean
  readonly ticket?: boolean
  readonly maximum: string
  readonly maximumMs: number
}

const day = 86_400_000
const standard: Policy = { maximum: 'P180D', maximumMs: 180 * day }
const leastMs = 5 * 60_000

/** Privileged Identity Management: requests that make, change and end active assignments, with its rules. */
export const createPim = (deps: {
  readonly now: () => number
  readonly propagationMs: number
  /** How long PIM takes to provision what it has accepted, in real milliseconds. */
  readonly provisionMs: () => number
  readonly tree: Tree
  readonly directory: Directory
  /** Whether a plain role assignment is there. */
  readonly isAssigned: (scope: string, role: string, principalId: string) => boolean
}) => {
  const { now, tree, directory } = deps
  const kept = createKept<Schedule>(now, deps.propagationMs)
  const requests = new Map<string, Request>()
  const byPrincipal = new Map<string, Request[]>()
  const policies = new Map<string, Policy>()
  const isActive = ({ endsAt }: Schedule) => endsAt === undefined || now() < endsAt
  const current = (key: string) => {
    const found = kept.get(key)
    return found !== undefined && isActive(found) ? found : undefined
  }
  const failed = (rule: string) =>
    invalid('RoleAssignmentRequestPolicyValidationFailed', `The following policy rules failed: ["${rule}"]`)

  /** When the assignment that is asked for ends. @throws AzureError */
  const active = (key: string) => {
    const there = current(key)
    if (there === undefined) throw new Error(`nothing is active at ${key}`)
    return there
  }
  const endOf = (schedule: unknown, from: number, { maximumMs }: Policy): number => {
    const { expiration } = (schedule ?? {}) as { expiration?: Record<string, unknown> }
    const { type, duration, endDateTime } = expiration ?? {}
    const seconds = /^PT(\d+)S$/.exec(String(duration))?.[1]
    const ends =
      type === 'AfterDuration' && seconds !== undefined
        ? from + Number(seconds) * 1000
        : type === 'AfterDateTime'
          ? Date.parse(String(endDateTime))
          : Number.NaN
    if (Number.isNaN(ends) || ends - from > maximumMs) throw failed('ExpirationRule')
    if (ends <= now()) throw invalid('InvalidRoleAssignmentRequestSchedule', 'The schedule is invalid.')
    return ends
  }

  return {
    policy: (role: string): Policy => policies.get(role) ?? standard,
    setPolicy: (role: string, policy: Policy): void => void policies.set(role, policy),
    /** Active assignments that are provisioned. */
    active: (stale = false): readonly Schedule[] =>
      kept.all(stale).filter((one) => isActive(one) && one.visibleAt <= Date.now()),
    requests(principalId: string | undefined, stale = false): readonly Request[] {
      const all = principalId === undefined ? [...requests.values()] : (byPrincipal.get(principalId) ?? [])
      return stale ? all.filter(({ madeAt }) => now() >= madeAt + deps.propagationMs) : all
    },
    keyOf: (scope: string, role: string, principalId: string) =>
      `${scope.toLowerCase()} ${role} ${principalId}`,
    /** Moves an end, or takes the assignment away, as another administrator would. */
    move(key: string, endsAt: number): void {
      kept.put(key, { ...active(key), endsAt })
    },
    /** As if it had been there for so long already. */
    age: (key: string, ms: number): void =>
      kept.put(key, { ...active(key), startsAt: active(key).startsAt - ms }),
    drop: (key: string): void => kept.delete(key),
    /** @throws AzureError */
    request(scope: string, name: string, properties: Readonly<Record<string, unknown>>): Request {
      const [at = ''] = tree.line(scope)
      const { requestType, justification, ticketInfo, scheduleInfo, targetRoleAssignmentScheduleId } =
        properties
      const role = directory.role(String(properties.roleDefinitionId).split('/').at(-1) ?? '')
      const principalId = String(properties.principalId).toLowerCase()
      if (!guid.test(name) || requests.has(name))
        throw invalid('InvalidRequestName', 'The name is taken or no GUID.')
      if (role === undefined)
        throw invalid('RoleDefinitionDoesNotExist', 'The role definition does not exist.')
      const known = directory.principal(principalId)
      if (known === undefined || known === 'new')
        throw invalid('PrincipalNotFound', `Principal ${principalId} does not exist in the directory.`)
      const key = `${at} ${role.id} ${principalId}`
      const there = current(key)
      const policy = policies.get(role.id) ?? standard
      const done = (status: string, schedule: string): Request => {
        const made = {
          name,
          scope: at,
          role: role.id,
          principalId,
          requestType: String(requestType),
          justification: String(justification ?? ''),
          ...(ticketInfo === undefined ? {} : { ticketInfo }),
          status,
          schedule,
          madeAt: now(),
        }
        requests.set(name, made)
        byPrincipal.set(principalId, [...(byPrincipal.get(principalId) ?? []), made])
        return made
      }
      if (requestType === 'AdminRemove') {
        if (there === undefined)
          throw invalid('RoleAssignmentDoesNotExist', 'The Role assignment does not exist.')
        if (now() - there.startsAt < leastMs)
          throw invalid(
            'ActiveDurationTooShort',
            'The Active duration is too short. Minimum Required is 5 minutes.',
          )
        kept.delete(key)
        return done('Revoked', there.id)
      }
      if (typeof justification !== 'string' || justification === '') throw failed('JustificationRule')
      if (policy.mfa === true) throw failed('MfaRule')
      if (policy.ticket === true && ticketInfo === undefined) throw failed('TicketingRule')
      if (requestType === 'AdminUpdate') {
        if (there === undefined || there.id !== targetRoleAssignmentScheduleId)
          throw invalid('RoleAssignmentDoesNotExist', 'The Role assignment does not exist.')
        kept.put(key, { ...there, endsAt: endOf(scheduleInfo, there.startsAt, policy) })
        return done('Provisioned', there.id)
      }
      if (requestType !== 'AdminAssign')
        throw new AzureError(400, 'InvalidRequestType', `${String(requestType)} is not served.`)
      if (there !== undefined && there.visibleAt > Date.now())
        throw invalid('PendingRoleAssignmentRequest', 'There is already a pending role assignment request.')
      if (there !== undefined || deps.isAssigned(at, role.id, principalId))
        throw invalid('RoleAssignmentExists', 'The Role assignment already exists.')
      const endsAt = endOf(scheduleInfo, now(), policy)
      if (endsAt - now() < leastMs)
        throw invalid(
          'ActiveDurationTooShort',
          'The Active duration is too short. Minimum Required is 5 minutes.',
        )
      const visibleAt = Date.now() + deps.provisionMs()
      kept.put(key, { id: name, scope: at, role: role.id, principalId, startsAt: now(), endsAt, visibleAt })
      return done(visibleAt > Date.now() ? 'PendingProvisioning' : 'Provisioned', name)
    },
  }
}

import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { RoleAssignmentScheduleRequest } from '@azure/arm-authorization'
import { azureScope, leastPimSeconds } from '../../grant/grantable/azure.ts'
import { afterWrite } from '../after-write.ts'
import { eachOf } from '../each-of.ts'
import { ProviderError } from '../port.ts'
import { type Api, action, ifNoRole, path } from './api.ts'
import { codeOf } from './faults.ts'
import { roleIdOf } from './held.ts'
import { type Active, activeOf, askedIn, never, ticketOf } from './pim-active.ts'
import { policyFaults } from './pim-policy.ts'
import type { Wanted } from './wanted.ts'
import type { Way } from './way.ts'

type PimOptions = {
  readonly instance: string
  /** Of our marks. */
  readonly prefix: string
  readonly clock: { now(): number }
}

/** What can be in a place: a principal, a role by its id or name, a scope. */
type Place = Pick<Wanted, 'scope' | 'role' | 'guid'> & { readonly principal: { readonly id: string } }

/** PIM ends nothing sooner after its start (ActiveDurationTooShort). */
const leastActiveMs = leastPimSeconds * 1000

/** Waits between reads of what PIM has accepted, in milliseconds; what takes longer is looked at again. */
const waits = [100, 300, 900]

/**
 * Active assignments under Privileged Identity Management: requests of an administrator, for whom nobody has to be
 * eligible, with an end that Azure keeps itself. Our mark is in the request's justification.
 */
export const createPim = (api: Api, { instance, prefix, clock }: PimOptions): Way => {
  /**
   * What is ours, asked for under that GUID: one of another way to write the role is another grant's.
   * @throws ProviderError `unavailable` while nobody can tell whose it is, before `endsAt`
   */
  const ours = (one: Active | undefined, guid: string, endsAt = never): Active | undefined => {
    // The requests may lag behind what they made: without its own it is neither gone nor somebody else's.
    if (one?.unseen === true && clock.now() < endsAt)
      throw new ProviderError(
        'unavailable',
        `azure: ${one.principal} has that role at ${one.scope}, and PIM does not show yet who asked for it`,
      )
    return one?.mark.startsWith(prefix) === true && one.guids.includes(guid) ? one : undefined
  }

  /** Why nothing is given where somebody has the role already: whose that is. */
  const taken = ({ scope, principal }: Wanted, { mark }: Active): ProviderError => {
    const there = `azure: ${principal.id} has that role at ${scope} already, by an assignment that is`
    const whose = mark.startsWith(prefix)
      ? `gitsudo’s own, first made as ${mark} under another way to write this role: leave it, and write the role one way, by its id or by its name`
      : 'not gitsudo’s: take it away first'
    return new ProviderError('invalid', `${there} ${whose}`)
  }

  const asked = async (scope: string, filter: { filter?: string }, signal: AbortSignal) => {
    const permission = action('roleAssignmentScheduleRequests/read')
    const requests = await api.list('the requests', scope, permission, signal, (client, with_) =>
      client.roleAssignmentScheduleRequests.listForScope(path(scope), { ...with_, ...filter }),
    )
    return askedIn(requests)
  }

  const active = async (scope: string, filter: { filter?: string }, signal: AbortSignal) => {
    const permission = action('roleAssignmentScheduleInstances/read')
    const all = await api.list('the active assignments', scope, permission, signal, (client, with_) =>
      client.roleAssignmentScheduleInstances.listForScope(path(scope), { ...with_, ...filter }),
    )
    const direct = all.filter(
      ({ assignmentType, memberType }) => assignmentType === 'Assigned' && memberType !== 'Group',
    )
    if (direct.length === 0) return []
    const known = new Map((await asked(scope, filter, signal)).map((one) => [one.schedule, one]))
    return direct.map((one) => activeOf(one, known, instance))
  }

  const find = async (
    { scope, role, principal, guid }: Place,
    signal: AbortSignal,
  ): Promise<Active | undefined> => {
    const there = (await active(scope, of(principal), signal)).filter(
      (one) => one.scope === scope && one.principal === principal.id,
    )
    if ('id' in role) return there.find((one) => roleIdOf(one.role) === role.id)
    // A role may be renamed meanwhile, and another have its name.
    const here = there.filter(({ askedAs }) => askedAs === guid)
    const named = ({ roleName }: Active) => roleName === role.name
    return here.find(named) ?? here[0] ?? there.find(named)
  }

  /** The role that was asked for in a place, where a request tells it; else the one that is called so. */
  const roleIn = async (place: Place, signal: AbortSignal): Promise<string | undefined> => {
    const { scope, role, principal, guid } = place
    const found = 'id' in role ? [] : await asked(scope, of(principal), signal)
    return (
      found.findLast((one) => one.guid === guid)?.role ??
      (await api.roleDefinition(scope, role, signal).catch(ifNoRole))
    )
  }

  /** A read after a change, a few times where it does not show yet. */
  const awaited = (place: Place, isThere: (one: Active | undefined) => boolean, signal: AbortSignal) =>
    afterWrite(async () => {
      for (const wait of waits) {
        const seen = await find(place, signal)
        if (isThere(seen)) return seen
        await pause(wait)
      }
      return find(place, signal)
    })

  const send = async (
    scope: string,
    request: RoleAssignmentScheduleRequest,
    signal: AbortSignal,
  ): Promise<void> => {
    const permission = action('roleAssignmentScheduleRequests/write')
    const { status } = await api.ask(`${request.requestType}`, scope, permission, signal, (client, with_) =>
      client.roleAssignmentScheduleRequests.create(path(scope), randomUUID(), request, with_),
    )
    if (status === 'FailedAsResourceIsLocked')
      throw new ProviderError(
        'conflict',
        `azure: ${request.requestType} of ${scope}: a lock keeps it as it is`,
      )
    if (refusals.includes(status ?? ''))
      throw new ProviderError('invalid', `azure: ${request.requestType} of ${scope}: PIM says ${status}`)
  }

  const moveEnd = (
    { scope, principal, mark, reason, endsAt }: Wanted,
    { role, schedule }: Active,
    signal: AbortSignal,
  ): Promise<void> =>
    send(
      scope,
      {
        requestType: 'AdminUpdate',
        principalId: principal.id,
        roleDefinitionId: role,
        targetRoleAssignmentScheduleId: schedule,
        justification: `${mark} ${reason}`,
        scheduleInfo: { expiration: { type: 'AfterDateTime', endDateTime: new Date(endsAt) } },
      },
      signal,
    )

  const end = async (
    { scope, principal }: Pick<Place, 'scope' | 'principal'>,
    roleDefinitionId: string,
    there: Active | undefined,
    signal: AbortSignal,
  ): Promise<void> => {
    const request = { requestType: 'AdminRemove', principalId: principal.id, roleDefinitionId }
    await send(scope, request, signal).catch((error: unknown) => {
      if (!(error instanceof ProviderError)) throw error
      const code = codeOf(error.cause)
      if (code === 'RoleAssignmentDoesNotExist') return
      if (code !== 'ActiveDurationTooShort') throw error
      const since = there === undefined ? 0 : clock.now() - there.startsAt
      throw new ProviderError(
        'conflict',
        `${error.message} PIM ends nothing within 5 minutes of its start.`,
        {
          cause: error,
          retryAfter: Math.max(1000, leastActiveMs - since),
        },
      )
    })
  }

  const look = async (
    place: Place & { readonly endsAt?: number },
    signal: AbortSignal,
  ): Promise<Active | undefined> => ours(await find(place, signal), place.guid, place.endsAt)

  return {
    look,

    async give(wanted, signal) {
      const there = await find(wanted, signal)
      if (there !== undefined && ours(there, wanted.guid) === undefined) throw taken(wanted, there)
      if (there === undefined) {
        const seconds = Math.floor((wanted.endsAt - clock.now()) / 1000)
        if (seconds * 1000 < leastActiveMs)
          throw new ProviderError(
            'invalid',
            `azure: PIM gives nothing for less than 5 minutes, and ${seconds} s are left`,
          )
        const request = {
          requestType: 'AdminAssign',
          principalId: wanted.principal.id,
          roleDefinitionId: await api.roleDefinition(wanted.scope, wanted.role, signal),
          justification: `${wanted.mark} ${wanted.reason}`,
          ticketInfo: ticketOf(wanted.mark, wanted.guid),
          // From when PIM has it: no clock of ours.
          scheduleInfo: { expiration: { type: 'AfterDuration', duration: `PT${seconds}S` } },
        }
        await send(wanted.scope, request, signal).catch((error: unknown) => {
          // Ours, if a read lagged; the next read says.
          if (!(error instanceof ProviderError) || codeOf(error.cause) !== 'RoleAssignmentExists') throw error
        })
        const made = await awaited(wanted, (one) => one !== undefined && !one.unseen, signal)
        if (made !== undefined && ours(made, wanted.guid) === undefined) throw taken(wanted, made)
        return made
      }
      // Shared with a grant that ends sooner.
      if (there.expiresAt >= wanted.endsAt - 1000) return there
      await moveEnd(wanted, there, signal)
      return awaited(wanted, (one) => (one?.expiresAt ?? 0) >= wanted.endsAt - 1000, signal)
    },

    async take(wanted, signal) {
      const there = await find(wanted, signal)
      if (there !== undefined && ours(there, wanted.guid, wanted.endsAt) === undefined) return undefined
      // A read may lag behind what gave it. Past its end it gives nothing; before it, PIM itself has to say so.
      if (there === undefined && clock.now() >= wanted.endsAt) return undefined
      const role = there?.role ?? (await roleIn(wanted, signal))
      if (role === undefined) return undefined
      await end(wanted, role, there, signal)
      return look(wanted, signal)
    },

    async narrow(wanted, signal) {
      const there = await look(wanted, signal)
      if (there === undefined || there.expiresAt <= wanted.endsAt) return there
      await moveEnd(wanted, there, signal)
      return awaited(wanted, (one) => (one?.expiresAt ?? 0) <= wanted.endsAt, signal)
    },

    async discard({ scope, guid, principal }, signal) {
      const filter = principal === undefined ? {} : of({ id: principal })
      const find = async () => {
        const all = await active(scope, filter, signal)
        return ours(
          all.find((one) => one.scope === scope && one.guids.includes(guid)),
          guid,
        )
      }
      const there = await find()
      if (there === undefined) return undefined
      await end({ scope, principal: { id: there.principal } }, there.role, there, signal)
      return find()
    },

    list: (scope, signal) => active(scope, {}, signal),

    async check(offers, signal) {
      const asked = Map.groupBy(offers, ({ scope }) => azureScope(scope))
      const wrong = await eachOf([...asked], async ([scope, there]) => {
        if (scope === undefined) return []
        const permission = action('roleManagementPolicyAssignments/read')
        const policies = await api.list('the PIM policies', scope, permission, signal, (client, with_) =>
          client.roleManagementPolicyAssignments.listForScope(path(scope), with_),
        )
        return policyFaults(scope, policies, there)
      })
      return wrong.flat()
    },
  }
}

const refusals = ['Failed', 'Denied', 'Invalid', 'Canceled', 'TimedOut', 'AdminDenied']

const of = ({ id }: Place['principal']) => ({ filter: `principalId eq '${id}'` })

import type { RoleAssignment } from '@azure/arm-authorization'
import { ProviderError } from '../port.ts'
import { type Api, action, path } from './api.ts'
import type { Differing } from './differing.ts'
import { codeOf } from './faults.ts'
import { type Held, roleIdOf } from './held.ts'
import type { Wanted } from './wanted.ts'
import type { Way } from './way.ts'

/** Codes that say that an assignment is not there, alone or with all that it was on. */
const absent = ['RoleAssignmentNotFound', 'ResourceGroupNotFound', 'ResourceNotFound']

/** Plain role assignments under a GUID of ours: they last until they are deleted. `prefix`: of our marks. */
export const createRoleAssignments = (api: Api, prefix: string, differing: Differing): Way => {
  type At = { readonly scope: string; readonly guid: string }

  const read = ({ scope, guid }: At, signal: AbortSignal): Promise<Held | undefined> =>
    api.ask('the assignment', scope, action('roleAssignments/read'), signal, async (client, with_) => {
      const found = await client.roleAssignments.get(path(scope), guid, with_).catch(ifAbsent)
      return found === undefined ? undefined : heldBy(found)
    })

  const remove = async (at: At, signal: AbortSignal): Promise<Held | undefined> => {
    // By its own id nobody else’s is met, whatever a read that lags would say.
    await api.ask('the removal', at.scope, action('roleAssignments/delete'), signal, (client, with_) =>
      client.roleAssignments.delete(path(at.scope), at.guid, with_).catch(ifAbsent),
    )
    return read(at, signal)
  }

  const listed = async (scope: string, signal: AbortSignal, filter: { readonly filter?: string } = {}) => {
    const permission = action('roleAssignments/read')
    const found = await api.list('the assignments', scope, permission, signal, (client, with_) =>
      client.roleAssignments.listForScope(path(scope), { ...with_, ...filter }),
    )
    return found.map(heldBy)
  }

  /** Why Azure refuses a second assignment of this role: whose the first is, that under another name has the place. */
  const taken = async (
    refusal: ProviderError,
    { scope, principal }: Wanted,
    definition: string,
    signal: AbortSignal,
  ): Promise<ProviderError> => {
    const there = await listed(scope, signal, { filter: `principalId eq '${principal.id}'` })
    const held = there.find((one) => one.scope === scope && roleIdOf(one.role) === roleIdOf(definition))
    if (held === undefined)
      return new ProviderError('conflict', `${refusal.message} It is not to be seen yet.`, { cause: refusal })
    const why = held.mark.startsWith(prefix)
      ? `It is gitsudo’s own, first made as ${held.mark} under another way to write this role: leave it, and write the role one way, by its id or by its name.`
      : 'It is not gitsudo’s: take it away first.'
    return new ProviderError('invalid', `${refusal.message} ${why}`, { cause: refusal })
  }

  return {
    look: read,
    take: remove,

    async give(wanted, signal) {
      const { scope, guid, role, principal, mark } = wanted
      const roleDefinitionId = await api.roleDefinition(scope, role, signal)
      const parameters = {
        roleDefinitionId,
        principalId: principal.id,
        // With its type, a principal that the directory has only just heard of is taken.
        principalType: principal.type,
        description: mark,
      }
      await api
        .ask('the assignment', scope, action('roleAssignments/write'), signal, (client, with_) =>
          client.roleAssignments.create(path(scope), guid, parameters, with_),
        )
        .catch(async (error: unknown) => {
          if (!(error instanceof ProviderError) || codeOf(error.cause) !== 'RoleAssignmentExists') throw error
          throw await taken(error, wanted, roleDefinitionId, signal)
        })
      return read(wanted, signal)
    },

    // Azure changes nothing about whom an assignment is for: what is for somebody else was put in its place.
    async narrow(wanted, signal) {
      const held = await read(wanted, signal)
      if (held === undefined || (await differing(held, wanted, signal)) === undefined) return held
      return remove(wanted, signal)
    },

    async discard(found, signal) {
      const held = await read(found, signal)
      return held?.mark.startsWith(prefix) === true ? remove(found, signal) : undefined
    },

    list: (scope, signal) => listed(scope, signal),

    check: async () => [],
  }
}

/** @throws ProviderError `unknown`: whatever answered, it is no assignment */
const heldBy = ({ name, scope, description, principalId, roleDefinitionId }: RoleAssignment): Held => {
  if (name === undefined || principalId === undefined)
    throw new ProviderError('unknown', 'azure: what answered is no assignment: nobody can tell what is there')
  return {
    guids: [name.toLowerCase()],
    mark: description ?? '',
    principal: principalId,
    role: roleDefinitionId ?? '',
    scope: scope?.toLowerCase() ?? '',
  }
}

const ifAbsent = (error: unknown): undefined => {
  if (absent.includes(codeOf(error) ?? '')) return undefined
  throw error
}

import { type Api, ifNoRole } from './api.ts'
import { type Held, roleIdOf } from './held.ts'
import type { Wanted } from './wanted.ts'

/** Whom or what else something gives than was wanted, in words. @throws ProviderError */
export type Differing = (held: Held, wanted: Wanted, signal: AbortSignal) => Promise<string | undefined>

/** A role that is wanted by a name that no longer says which is taken at its word. */
export const createDiffering = (api: Pick<Api, 'roleDefinition'>): Differing => {
  /** Ids of roles by scope and name, as they were found last. */
  const known = new Map<string, string>()

  const isRole = async (held: Held, { scope, role }: Wanted, signal: AbortSignal): Promise<boolean> => {
    const id = roleIdOf(held.role)
    if ('id' in role) return id === role.id
    const key = `${scope} ${role.name}`
    if (known.get(key) === id) return true
    const found = await api.roleDefinition(scope, role, signal).catch(ifNoRole)
    if (found !== undefined) known.set(key, roleIdOf(found))
    return found === undefined || roleIdOf(found) === id
  }

  return async (held, wanted, signal) =>
    held.principal.toLowerCase() === wanted.principal.id && (await isRole(held, wanted, signal))
      ? undefined
      : `${held.principal} has ${held.role}`
}

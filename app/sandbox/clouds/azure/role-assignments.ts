import { AzureError, invalid } from './errors.ts'
import { createKept } from './kept.ts'
import type { Tree } from './tree.ts'

export type Assignment = {
  readonly name: string
  readonly scope: string
  /** The role definition's GUID. */
  readonly role: string
  readonly principalId: string
  readonly principalType: string
  readonly description?: string
}

export const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Most assignments of a subscription with all in it, and of a management group (Azure docs, "Azure RBAC limits"). */
const most = { subscriptions: 4000, providers: 500 }

export type Directory = {
  /** `new`: the directory has not replicated it yet. */
  principal(id: string): 'User' | 'ServicePrincipal' | 'Group' | 'new' | undefined
  /** The GUID and name of a role definition. */
  role(id: string): { readonly id: string; readonly name: string } | undefined
}

/** Role assignments with Azure's rules: one of each principal, role and scope, and none of them changes whom it is for. */
export const createRoleAssignments = (deps: {
  readonly now: () => number
  readonly propagationMs: number
  readonly tree: Tree
  readonly directory: Directory
}) => {
  const { tree, directory } = deps
  const kept = createKept<Assignment>(deps.now, deps.propagationMs)
  /** Names by what Azure takes one of. */
  const taken = new Map<string, string>()
  const counts = new Map<string, number>()
  let fullStatus = 400
  const keyOf = (one: Assignment) => `${one.scope} ${one.role} ${one.principalId}`
  const count = (scope: string, by: number) => {
    const root = scope
      .split('/')
      .slice(0, scope.startsWith('/subscriptions/') ? 3 : 5)
      .join('/')
    const next = (counts.get(root) ?? 0) + by
    if (by > 0 && next > most[root.startsWith('/subscriptions/') ? 'subscriptions' : 'providers'])
      throw new AzureError(
        fullStatus,
        'RoleAssignmentLimitExceeded',
        'The role assignment limit for the subscription has been exceeded.',
      )
    counts.set(root, next)
  }

  return {
    all: kept.all,
    /** With which status it says from now on that there is no room: no documentation tells. */
    setFullStatus(status: 400 | 409): void {
      fullStatus = status
    },
    get(scope: string, name: string, stale: boolean): Assignment {
      tree.line(scope)
      const found = kept.get(name.toLowerCase(), stale)
      if (found === undefined || found.scope !== scope.toLowerCase())
        throw new AzureError(404, 'RoleAssignmentNotFound', `The role assignment '${name}' is not found.`)
      return found
    },
    /** @returns the status and the assignment. @throws AzureError */
    put(scope: string, name: string, properties: Readonly<Record<string, unknown>>) {
      const [at = ''] = tree.line(scope)
      if (!guid.test(name))
        throw invalid('InvalidRoleAssignmentId', `The role assignment ID '${name}' is not a GUID.`)
      const next = { ...assignmentFrom(properties, directory), name: name.toLowerCase(), scope: at }
      const there = kept.get(next.name)
      if (there !== undefined && keyOf(there) !== keyOf(next))
        throw new AzureError(
          403,
          'RoleAssignmentUpdateNotPermitted',
          'Tenant ID, application ID, principal ID, and scope are not allowed to be updated.',
        )
      const other = taken.get(keyOf(next))
      if (other !== undefined && other !== next.name)
        throw new AzureError(409, 'RoleAssignmentExists', 'The role assignment already exists.')
      if (there === undefined) count(at, 1)
      kept.put(next.name, next)
      taken.set(keyOf(next), next.name)
      return { status: there === undefined ? 201 : 200, assignment: next }
    },
    /** @returns what was there. @throws AzureError */
    delete(scope: string, name: string): Assignment | undefined {
      tree.line(scope)
      const there = kept.get(name.toLowerCase())
      if (there === undefined) return undefined
      kept.delete(there.name)
      taken.delete(keyOf(there))
      count(there.scope, -1)
      return there
    },
  }
}

const assignmentFrom = (
  properties: Readonly<Record<string, unknown>>,
  directory: Directory,
): Pick<Assignment, 'role' | 'principalId' | 'principalType' | 'description'> => {
  const { roleDefinitionId, principalId, principalType, description } = properties
  const role = directory.role(String(roleDefinitionId).split('/').at(-1) ?? '')
  if (role === undefined)
    throw invalid(
      'RoleDefinitionDoesNotExist',
      `The specified role definition '${roleDefinitionId}' does not exist.`,
    )
  if (typeof principalId !== 'string' || !guid.test(principalId))
    throw invalid('InvalidPrincipalId', `A valid principal ID must be provided for role assignment.`)
  const known = directory.principal(principalId.toLowerCase())
  // Without its type Azure looks it up, and may not find what is new (Azure docs, "Troubleshoot Azure RBAC").
  if (known === undefined || (known === 'new' && principalType === undefined))
    throw invalid('PrincipalNotFound', `Principal ${principalId} does not exist in the directory.`)
  if (known !== 'new' && principalType !== undefined && principalType !== known)
    throw invalid('UnmatchedPrincipalType', `The PrincipalId has type ${known}, not ${principalType}.`)
  return {
    role: role.id,
    principalId: principalId.toLowerCase(),
    principalType: typeof principalType === 'string' ? principalType : 'User',
    ...(typeof description === 'string' ? { description } : {}),
  }
}

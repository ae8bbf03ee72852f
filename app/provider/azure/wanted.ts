import { azurePrincipal, azureRole, azureScope } from '../../grant/grantable/azure.ts'
import type { Intent } from '../../grant/intent.ts'
import { cloudName } from '../../request/id.ts'
import { guidOf } from './guid.ts'

/** What an intent asks Azure for. */
export type Wanted = {
  /** The one assignment of this principal, role and scope that can be ours. */
  readonly guid: string
  readonly scope: string
  readonly role: { readonly id: string } | { readonly name: string }
  readonly principal: { readonly id: string; readonly type: 'User' | 'ServicePrincipal' }
  /** What says whose it is, wherever Azure keeps words of ours. */
  readonly mark: string
  readonly reason: string
  readonly endsAt: number
}

/** Undefined where the intent names what Azure cannot hold. */
export const wantedOf = (intent: Intent, instance: string, prefix: string): Wanted | undefined => {
  const scope = azureScope(intent.scope)
  const role = azureRole(intent.cloudRole)
  const principal = azurePrincipal(intent.principal)
  if (scope === undefined || role === undefined || principal === undefined) return undefined
  return {
    guid: guidOf(instance, scope, 'id' in role ? role.id : role.name, principal.id),
    scope,
    role,
    principal,
    mark: `${prefix}${cloudName(intent.grant)}`,
    reason: intent.reason,
    endsAt: intent.endsAt,
  }
}

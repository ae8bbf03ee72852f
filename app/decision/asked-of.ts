import type { Asked } from '../grant/grantable/asked.ts'
import type { AccessRequest } from '../request/request.ts'
import type { RequestFacts } from './facts.ts'

/** What a cloud would be asked for; undefined where the requester, his principal or the role is not known. */
export const askedOf = (
  { requester, role }: Pick<RequestFacts, 'requester' | 'role'>,
  { provider, scope, durationSeconds: seconds }: AccessRequest,
): Required<Asked> | undefined => {
  if (role === undefined || 'unknown' in role || role.provider !== provider) return undefined
  if (requester === undefined || !('person' in requester) || requester.principal === undefined)
    return undefined
  return { principal: requester.principal, cloudRole: role.cloudRole, scope, seconds }
}

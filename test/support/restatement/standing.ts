import type { LedgerEvent } from '../../../app/audit/event.ts'
import type { Truth } from './truth.ts'

const over: readonly string[] = ['grant.expired', 'grant.revoked', 'grant.failed', 'grant.refused']

/** What was given and is not over, by what was sealed. */
export const standingIn = (sealed: readonly LedgerEvent[]): Truth['standing'] => {
  const standing = new Map<string, Truth['standing'][number]>()
  for (const { type, grant, request = '', data } of sealed) {
    const id = grant ?? request
    if (type === 'grant.scheduled' || type === 'grant.intended') {
      const { requester, path, role } = data
      const person = (requester as { readonly id: number }).id
      standing.set(id, { person, path: String(path), role: String(role) })
    }
    if (over.includes(type)) standing.delete(id)
  }
  return [...standing.values()]
}

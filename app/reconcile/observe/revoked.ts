import type { RequestFacts } from '../../decision/facts.ts'
import type { ReconcileDeps } from '../deps.ts'
import type { Sealed } from '../ports/ledger.ts'

type Revoked = Pick<RequestFacts, 'revoked'>

/** Who asked that a request be revoked, and why; nothing where nobody did. */
export const revokedOf = async ({ store }: Pick<ReconcileDeps, 'store'>, id: string): Promise<Revoked> => {
  const ask = await store.revokeAsked(id)
  return typeof ask === 'object' ? { revoked: { by: ask.by.login ?? ask.by.id, why: ask.why } } : {}
}

/** The same by signed decisions that knew of it: comments and asks are rows, which can be erased (trust.md 5). */
export const revokedIn = (
  { keys }: Pick<ReconcileDeps, 'keys'>,
  id: string,
  events: readonly Sealed[],
): Revoked => {
  for (const { event } of events) {
    const { revoked } = event.data
    if (event.type !== 'request.evaluated' || event.request !== id || !isRevoked(revoked)) continue
    if (keys.verify(event)) return { revoked: { by: revoked.by, why: revoked.why } }
  }
  return {}
}

const isRevoked = (value: unknown): value is NonNullable<RequestFacts['revoked']> =>
  typeof value === 'object' &&
  value !== null &&
  'by' in value &&
  'why' in value &&
  typeof value.by === 'string' &&
  typeof value.why === 'string'

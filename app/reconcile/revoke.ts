import type { Queue } from './ports/queue.ts'
import type { RevokeAsk, Store, Tx } from './ports/store.ts'

/**
 * Asks that a grant be revoked: by command, comment, or because its file went. The ask and the wake-up are one
 * transaction, `tx` where given; the grant's reconciler seals the intent and takes the access away.
 */
export const askRevoke = async (
  deps: { readonly store: Pick<Store, 'transaction' | 'askRevoke'>; readonly queue: Pick<Queue, 'wake'> },
  ask: RevokeAsk,
  tx?: Tx,
): Promise<void> => {
  const put = async (within: Tx): Promise<void> => {
    await deps.store.askRevoke(within, ask)
    await deps.queue.wake([{ queue: 'grant', key: ask.grant, urgent: ask.askedAt }], within)
  }
  return tx === undefined ? deps.store.transaction(put) : put(tx)
}

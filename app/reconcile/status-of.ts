import type { Intent } from '../grant/intent.ts'
import { fixedBy } from './grant/fixed.ts'
import type { Ledger } from './ports/ledger.ts'
import type { GrantRow, RequestRow, StatusRow, Store } from './ports/store.ts'

/**
 * A request by its id, with its grant. Of what was granted the ledger says whose it is and where it belongs, and is
 * enough where a row is gone: hiding or altering it must shield no grant (trust.md 5.2).
 */
export const statusOf = async (
  deps: { readonly store: Pick<Store, 'status' | 'grant'>; readonly ledger: Pick<Ledger, 'standing'> },
  id: string,
): Promise<StatusRow | undefined> => {
  const row = (await deps.store.status({ id })).find(({ request }) => request.id === id)
  const { open, revoked } = await deps.ledger.standing()
  const intent = open.get(id)?.intent ?? revoked.get(id)
  if (intent === undefined) return row
  const grant = row?.grant ?? (await deps.store.grant(id)) ?? grantOf(intent, open.has(id))
  const { repository, pull, requester } = intent
  return {
    request: { ...(row?.request ?? requestOf(intent)), repository, pull, requester },
    grant: { ...grant, repository, pull, requester },
  }
}

const requestOf = (intent: Intent): RequestRow => ({
  id: intent.grant,
  repository: intent.repository,
  pull: intent.pull,
  path: intent.path,
  state: 'granted',
  headSha: intent.mergeCommit,
  blob: intent.blob,
  provider: intent.provider,
  role: intent.role,
  scope: intent.scope,
  durationSeconds: (intent.endsAt - intent.startsAt) / 1000,
  reason: intent.reason,
  author: intent.requester,
  openedAt: intent.startsAt,
  version: 0,
})

/** Without its row a grant that is open is taken away (grant/situation.ts). */
const grantOf = (intent: Intent, open: boolean): GrantRow => ({
  ...fixedBy(intent),
  metadata: intent.metadata ?? {},
  state: open ? 'revoking' : 'ended',
  bindingKey: intent.grant,
  tries: 0,
  version: 0,
})

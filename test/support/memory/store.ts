import type { Attempt, Due, GrantRow, RevokeAsk, Store } from '../../../app/reconcile/ports/store.ts'
import type { MemoryTransactions } from './transaction.ts'

type GrantStore = Pick<
  Store,
  | 'transaction'
  | 'serialise'
  | 'alone'
  | 'share'
  | 'grant'
  | 'saveGrant'
  | 'saveGrants'
  | 'grantTimers'
  | 'openAttempt'
  | 'closeAttempt'
  | 'attempts'
  | 'askRevoke'
  | 'revokeAsked'
  | 'due'
  | 'nextLookAt'
>

const sharing: readonly GrantRow['state'][] = ['provisioning', 'active', 'revoking', 'quarantined']

/** What grants need of the store, in memory. `tamper` is a hand in the database. */
export const memoryStore = (
  transactions: MemoryTransactions,
): GrantStore & {
  grantsSharing(key: string): Promise<readonly GrantRow[]>
  tamper(id: string, change: Partial<GrantRow>): void
  remove(id: string): void
  rows(): readonly GrantRow[]
} => {
  const grants = new Map<string, GrantRow>()
  const attempts: Attempt[] = []
  const asks = new Map<string, RevokeAsk>()
  const saveGrant: GrantStore['saveGrant'] = async (tx, row) => {
    await transactions.lock(tx, `grant ${row.id}`)
    if ((grants.get(row.id)?.version ?? 0) !== row.version) return false
    transactions.onCommit(tx, () => grants.set(row.id, { ...row, version: row.version + 1 }))
    return true
  }
  return {
    transaction: (work) => transactions.run(work),
    alone: (keys, _waitMs, work) =>
      transactions.run(async (tx) => {
        for (const key of keys) await transactions.lock(tx, `serialise ${key}`)
        return work()
      }),
    serialise: (tx, key) => transactions.lock(tx, `serialise ${key}`),
    share: (tx, key) => transactions.share(tx, `serialise ${key}`),
    grant: async (id) => grants.get(id),
    saveGrant,
    saveGrants: async (tx, rows) => {
      const saved = new Set<string>()
      for (const row of rows.toSorted((a, b) => (a.id < b.id ? -1 : 1)))
        if (!saved.has(row.id) && (await saveGrant(tx, row))) saved.add(row.id)
      return saved
    },
    grantTimers: async (ids) => ids.flatMap((id) => grants.get(id) ?? []),
    grantsSharing: async (key) =>
      [...grants.values()].filter((row) => row.bindingKey === key && sharing.includes(row.state)),
    openAttempt: async (attempt) => {
      attempts.push(attempt)
    },
    closeAttempt: async (grant, fence, closedAt) => {
      const at = attempts.findIndex(
        (one) => one.grant === grant && one.fence === fence && one.closedAt === undefined,
      )
      const found = attempts[at]
      if (found !== undefined) attempts[at] = { ...found, closedAt }
    },
    attempts: async (grant) => attempts.filter((one) => one.grant === grant),
    askRevoke: async (tx, ask) => {
      transactions.onCommit(tx, () => {
        if (!asks.has(ask.grant)) asks.set(ask.grant, ask)
      })
    },
    revokeAsked: async (grant) => asks.get(grant),
    due: async (now, limit, after = Number.NEGATIVE_INFINITY) =>
      [...grants.values()]
        .flatMap(({ id: key, lookAt, state, endsAt, tries }): Due[] => {
          if (lookAt === undefined) return []
          const urgent = state === 'revoking' || state === 'quarantined' || endsAt <= now
          const since = Math.min(endsAt, now, asks.get(key)?.askedAt ?? now)
          return [
            {
              queue: 'grant',
              key,
              lookAt,
              ...(urgent ? { urgent: since } : {}),
              ...(tries > 0 ? { owed: true } : {}),
            },
          ]
        })
        .filter(({ lookAt = 0 }) => lookAt <= now && lookAt > after)
        .sort((a, b) => (a.lookAt ?? 0) - (b.lookAt ?? 0))
        .slice(0, limit),
    nextLookAt: async (after = Number.NEGATIVE_INFINITY) => {
      const next = [...grants.values()].flatMap(({ lookAt }) =>
        lookAt !== undefined && lookAt > after ? [lookAt] : [],
      )
      return next.length === 0 ? undefined : Math.min(...next)
    },
    tamper: (id, change) => {
      const row = grants.get(id)
      if (row !== undefined) grants.set(id, { ...row, ...change })
    },
    remove: (id) => {
      grants.delete(id)
    },
    rows: () => [...grants.values()],
  }
}

import type {
  BranchRow,
  Delivery,
  Due,
  Projection,
  PullRow,
  RequestRow,
  StatusRow,
  Store,
} from '../../../app/reconcile/ports/store.ts'
import { memoryClouds } from './clouds.ts'
import { memoryStore } from './store.ts'
import type { MemoryTransactions } from './transaction.ts'
import { memoryTroubles } from './troubles.ts'

const key = (repository: number, pull: number): string => `${repository}:${pull}`

/** The whole store in memory: what pull requests and branches need beside the grants. `forge` is a delivery put in by hand. */
export const accessStore = (
  transactions: MemoryTransactions,
  wake: (wake: Parameters<Store['acceptDelivery']>[1]) => Promise<void>,
) => {
  const grants = memoryStore(transactions)
  const { timers, ...clouds } = memoryClouds()
  const requests = new Map<string, RequestRow>()
  const pulls = new Map<string, PullRow>()
  const projections = new Map<string, Projection>()
  const branches = new Map<number, BranchRow>()
  const deliveries = new Map<string, Delivery>()
  const forged = new Set<string>()
  const all = () => [...requests.values()]
  const sorted = (found: readonly Delivery[]) => ({
    valid: found.filter(({ guid }) => !forged.has(guid)),
    forged: found.filter(({ guid }) => forged.has(guid)).map(({ guid }) => guid),
  })
  const others = (): Due[] => [
    ...timers(),
    ...all().flatMap(({ repository, pull, lookAt }): Due[] =>
      lookAt === undefined ? [] : [{ queue: 'pull-request', key: key(repository, pull), lookAt }],
    ),
    ...[...pulls].flatMap(([at, { lookAt }]): Due[] =>
      lookAt === undefined ? [] : [{ queue: 'pull-request', key: at, lookAt }],
    ),
    ...[...projections].flatMap(([at, { lookAt }]): Due[] =>
      lookAt === undefined ? [] : [{ queue: 'publish', key: at, lookAt }],
    ),
  ]
  const store: Store = {
    ...grants,
    ...clouds,
    ...memoryTroubles(),
    acceptDelivery: async (delivery, wakeUps) => {
      if (deliveries.has(delivery.guid)) return 'known'
      deliveries.set(delivery.guid, delivery)
      await wake(wakeUps)
      return 'new'
    },
    hasDelivery: async (guid) => deliveries.has(guid),
    deliveriesOfPull: async (repository, pull, events) =>
      sorted(
        [...deliveries.values()].filter(
          (one) => one.repository === repository && one.pull === pull && events.includes(one.event),
        ),
      ),
    pushesTo: async (repository, ref, since = 0, but = []) =>
      sorted(
        [...deliveries.values()].filter(
          (one) =>
            one.event === 'push' &&
            one.repository === repository &&
            one.ref === ref &&
            one.receivedAt > since &&
            !but.includes(one.guid),
        ),
      ),
    openPullsAt: async (repository, headSha) =>
      [...pulls.values()]
        .filter((row) => row.repository === repository && row.headSha === headSha && row.open)
        .map(({ pull }) => pull),
    mergeGroupAt: async (repository, ref) =>
      sorted(
        [...deliveries.values()].filter(
          (one) => one.event === 'merge_group' && one.repository === repository && one.ref === ref,
        ),
      ),
    mergeGroupsSince: async (repository, since) =>
      sorted(
        [...deliveries.values()].filter(
          (one) => one.event === 'merge_group' && one.repository === repository && one.receivedAt > since,
        ),
      ),
    lastDeliveryAt: async () =>
      deliveries.size === 0
        ? undefined
        : Math.max(...[...deliveries.values()].map(({ receivedAt }) => receivedAt)),
    request: async (id) => requests.get(id),
    requestsOfPull: async (repository, pull) =>
      all().filter((row) => row.repository === repository && row.pull === pull),
    requestsOfPath: async (repository, path) =>
      all().filter((row) => row.repository === repository && row.path === path),
    requestsOfPerson: async (id, states) =>
      all().filter((row) => row.requester?.id === id && states.includes(row.state)),
    saveRequest: async (tx, row) => {
      await transactions.lock(tx, `request ${row.id}`)
      if ((requests.get(row.id)?.version ?? 0) !== row.version) return false
      transactions.onCommit(tx, () => requests.set(row.id, { ...row, version: row.version + 1 }))
      return true
    },
    status: async ({ repository, pull, id, requesterLogin, requesterId, provider, state, visibleTo }) => {
      const same = <T>(wanted: T | undefined, found: T | undefined) =>
        wanted === undefined || wanted === found
      const found = all().filter(
        (row) =>
          same(repository, row.repository) &&
          same(pull, row.pull) &&
          same(id, row.id) &&
          same(requesterLogin?.toLowerCase(), row.requester?.login.toLowerCase()) &&
          same(requesterId, row.requester?.id) &&
          same(provider, row.provider),
      )
      const rows = await Promise.all(
        found.map(async (request) => {
          const grant = await grants.grant(request.id)
          return grant === undefined ? { request } : { request, grant }
        }),
      )
      const visible = ({ request, grant }: StatusRow) =>
        visibleTo === undefined ||
        visibleTo.repositories.includes(request.repository) ||
        [request.requester?.id, grant?.requester.id].includes(visibleTo.user)
      return rows.filter(
        (row) => visible(row) && same<string>(state, ('grant' in row ? row.grant : row.request)?.state),
      )
    },
    branch: async (repository) => branches.get(repository),
    saveBranch: async (tx, row) => transactions.onCommit(tx, () => branches.set(row.repository, row)),
    pull: async (repository, pull) => pulls.get(key(repository, pull)),
    savePull: async (tx, row) =>
      transactions.onCommit(tx, () => pulls.set(key(row.repository, row.pull), row)),
    projection: async (repository, pull) => projections.get(key(repository, pull)),
    saveProjection: async (row) => {
      projections.set(key(row.repository, row.pull), row)
    },
    due: async (now, limit, after = Number.NEGATIVE_INFINITY) =>
      [
        ...(await grants.due(now, limit, after)),
        ...others().filter(({ lookAt = 0 }) => lookAt <= now && lookAt > after),
      ]
        .sort((a, b) => (a.lookAt ?? 0) - (b.lookAt ?? 0))
        .slice(0, limit),
    nextLookAt: async (after = Number.NEGATIVE_INFINITY) => {
      const grant = await grants.nextLookAt(after)
      const times = others().flatMap(({ lookAt }) => (lookAt !== undefined && lookAt > after ? [lookAt] : []))
      const found = [...times, ...(grant === undefined ? [] : [grant])]
      return found.length === 0 ? undefined : Math.min(...found)
    },
    waitingPulls: async () =>
      [
        ...all().filter(({ state }) => ['pending', 'approved', 'denied'].includes(state)),
        ...[...pulls.values()].filter(({ open, lookAt }) => open || lookAt !== undefined),
      ]
        .map(({ repository, pull }) => ({ repository, pull }))
        .filter(
          (one, at, found) =>
            found.findIndex((other) => other.pull === one.pull && other.repository === one.repository) === at,
        ),
    disabledPolicies: async () => ({ byHand: [], overridden: [], expired: [], forged: [] }),
    startOverride: async () => false,
    endOverride: async () => false,
    overrideAsks: async () => ({ valid: [], forged: 0 }),
    putOverrideAsk: async () => undefined,
    dropOverrideAsks: async () => undefined,
    recordPolicies: async () => undefined,
    takeBudget: async () => ({ ok: true }),
    holdBudget: async () => undefined,
    health: async () => [],
    close: async () => undefined,
  }
  return {
    ...store,
    grantRows: grants.rows,
    requestRows: all,
    tamperGrant: grants.tamper,
    tamperRequest: (row: RequestRow) => requests.set(row.id, row),
    /** As somebody does who may write to the database. */
    loseDeliveries: (pull: number, event: string): void => {
      for (const [guid, one] of deliveries)
        if (one.pull === pull && one.event === event) deliveries.delete(guid)
    },
    forge: (delivery: Delivery) => {
      deliveries.set(delivery.guid, delivery)
      forged.add(delivery.guid)
    },
  }
}

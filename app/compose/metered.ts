import type { Metrics } from '../server/metrics.ts'
import type { Ports } from './ports.ts'

/** The same ports, counting what is saved: decisions, and how long grants took to come and to go. */
export const metered = (ports: Ports, metrics: Metrics): Ports => ({
  ...ports,
  store: {
    ...ports.store,
    async savePull(tx, row) {
      await ports.store.savePull(tx, row)
      metrics.decision(row.decision.moment, row.decision.verdict)
    },
    async saveGrant(tx, row) {
      const { state, mergedAt, startsAt, activeAt, endsAt, endedAt, cause } = row
      // While it is active it is saved again and again.
      const fresh = state === 'active' && (await ports.store.grant(row.id))?.state !== 'active'
      const saved = await ports.store.saveGrant(tx, row)
      if (saved && fresh && activeAt !== undefined)
        metrics.mergeToActive(Math.max(0, activeAt - (mergedAt ?? startsAt)))
      if (saved && state === 'ended' && endedAt !== undefined && cause === 'expired') {
        metrics.endToGone(Math.max(0, endedAt - endsAt))
      }
      return saved
    },
  },
})

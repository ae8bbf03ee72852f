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
      const saved = await ports.store.saveGrant(tx, row)
      const { state, startsAt, activeAt, endsAt, endedAt, cause } = row
      if (saved && state === 'active' && activeAt !== undefined) metrics.intentToActive(activeAt - startsAt)
      if (saved && state === 'ended' && endedAt !== undefined && cause === 'expired') {
        metrics.endToGone(Math.max(0, endedAt - endsAt))
      }
      return saved
    },
  },
})

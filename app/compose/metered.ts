import type { Intake } from '../github/webhook.ts'
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
    async saveGrants(tx, rows) {
      // While it is active it is saved again and again.
      const fresh = new Set<string>()
      for (const { id, state } of rows) {
        if (state === 'active' && (await ports.store.grant(id))?.state !== 'active') fresh.add(id)
      }
      const saved = await ports.store.saveGrants(tx, rows)
      for (const { id, state, mergedAt, startsAt, activeAt, endsAt, endedAt, cause } of rows) {
        if (!saved.has(id)) continue
        if (fresh.has(id) && activeAt !== undefined)
          metrics.mergeToActive(Math.max(0, activeAt - (mergedAt ?? startsAt)))
        if (state === 'ended' && endedAt !== undefined && cause === 'expired') {
          metrics.endToGone(Math.max(0, endedAt - endsAt))
        }
      }
      return saved
    },
  },
})

/** The same door, counting what comes in by what became of it. */
export const counted =
  (intake: Intake, metrics: Pick<Metrics, 'delivery'>): Intake =>
  async (headers, rawBody) => {
    const answer = await intake(headers, rawBody)
    metrics.delivery(headers['x-github-event'] ?? 'unknown', answer.body.result)
    return answer
  }

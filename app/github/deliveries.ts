import type { Clock } from '../reconcile/ports/clock.ts'
import type { Redelivered } from '../reconcile/ports/github.ts'
import type { Log } from '../reconcile/ports/log.ts'
import type { Client } from './client.ts'
import { isKept } from './kept.ts'

/** One that fails this often for us would fail again: it stays recorded at GitHub, and is logged. */
const mostAttempts = 8
/** The last attempt may still be on its way. */
const underWayMs = 30_000

type Attempts = { id: string; count: number; last: number }

/**
 * Asks GitHub to send again what it recorded since `since` (epoch ms), that would be stored here, and that is
 * not; under the same GUID, through the ordinary door. GitHub never does so by itself (trust.md 6.18a).
 */
export async function redeliverMissed(
  app: Client,
  options: { readonly repositories: ReadonlySet<number>; readonly clock: Clock; readonly log: Log },
  since: number,
  known: (guid: string) => Promise<boolean>,
): Promise<Redelivered> {
  const { repositories, clock, log } = options
  const recorded = new Map<string, Attempts>()
  search: for await (const page of app.paginate.iterator(app.rest.apps.listWebhookDeliveries, {
    per_page: 100,
  })) {
    for (const delivery of page.data) {
      const at = Date.parse(delivery.delivered_at)
      if (at < since) break search
      if (!isKept(delivery.event, delivery.action) || !repositories.has(Number(delivery.repository_id)))
        continue
      const attempts = recorded.get(delivery.guid)
      if (attempts) attempts.count += 1
      // Ids outgrow a double; Octokit reads those as bigint.
      else recorded.set(delivery.guid, { id: String(delivery.id), count: 1, last: at })
    }
  }
  let asked = 0
  let underWay = 0
  for (const [guid, { id, count, last }] of recorded) {
    if (await known(guid)) continue
    if (clock.now() - last < underWayMs) {
      underWay += 1
      continue
    }
    if (count > mostAttempts) {
      log.warn('a delivery that GitHub sent often and that never arrived', { guid, attempts: count })
      continue
    }
    await app.request(`POST /app/hook/deliveries/${id}/attempts`)
    asked += 1
  }
  return { asked, underWay }
}

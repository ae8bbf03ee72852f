import type { components } from '@octokit/openapi-types'
import { type Call, get, numberIn, ok, post, type Route } from '../call.ts'
import { GitHubError, notFound } from '../errors.ts'
import { iso } from '../shapes/time.ts'
import type { Delivery } from '../state/delivery.ts'
import { appIn } from './apps.ts'

function summary(delivery: Delivery) {
  return {
    id: delivery.id,
    guid: delivery.guid,
    delivered_at: iso(delivery.deliveredAt),
    redelivery: delivery.redelivery,
    duration: delivery.durationSeconds,
    status: delivery.status,
    status_code: delivery.statusCode,
    event: delivery.event,
    action: delivery.action,
    installation_id: delivery.installationId,
    repository_id: delivery.repositoryId,
    throttled_at: null,
  } satisfies components['schemas']['hook-delivery-item']
}

function deliveryIn(call: Call): Delivery {
  const id = numberIn(call, 'delivery_id')
  const delivery = appIn(call).deliveries.find((each) => each.id === id)
  if (!delivery) throw notFound()
  return delivery
}

/** Newest first; the cursor is the id to go on from (https://docs.github.com/en/rest/apps/webhooks). */
function list(call: Call) {
  const app = appIn(call)
  const query = call.url.searchParams
  const perPage = Math.min(Math.max(Number(query.get('per_page') ?? 30) || 30, 1), 100)
  const cursor = query.get('cursor')
  const status = query.get('status')
  const after =
    cursor === null ? Number.POSITIVE_INFINITY : Number(/^v1_(\d+)$/.exec(cursor)?.[1] ?? Number.NaN)
  if (Number.isNaN(after)) throw new GitHubError(400, 'Invalid cursor')
  const rest = app.deliveries
    .filter((each) => each.id < after && each.status !== 'pending')
    .filter(
      (each) =>
        status === null || (status === 'success') === (each.statusCode >= 200 && each.statusCode < 400),
    )
    .sort((a, b) => b.id - a.id)
  const shown = rest.slice(0, perPage)
  const last = shown.at(-1)
  const next = new URL(call.url)
  if (last) next.searchParams.set('cursor', `v1_${last.id}`)
  return {
    status: 200,
    body: shown.map(summary),
    headers: rest.length > shown.length ? { link: `<${next}>; rel="next"` } : {},
  }
}

export const deliveryRoutes: readonly Route[] = [
  get('/app/hook/deliveries', list),
  get('/app/hook/deliveries/{delivery_id}', (call) => {
    const delivery = deliveryIn(call)
    return ok({
      ...summary(delivery),
      url: appIn(call).hook.url,
      request: { headers: delivery.requestHeaders, payload: JSON.parse(delivery.body) },
      response: { headers: delivery.responseHeaders, payload: delivery.responseBody },
    } satisfies components['schemas']['hook-delivery'])
  }),
  post('/app/hook/deliveries/{delivery_id}/attempts', (call) => {
    call.world.outbox.redeliver(appIn(call), deliveryIn(call))
    return { status: 202, body: {} }
  }),
]

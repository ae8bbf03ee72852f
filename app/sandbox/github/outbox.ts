import { createHmac, randomUUID } from 'node:crypto'
import type { Counters } from './counters.ts'
import type { Faults } from './faults.ts'
import type { App } from './state/app.ts'
import type { Delivery } from './state/delivery.ts'

/** GitHub gives up on a receiver after this long. */
const TIME_OUT_MS = 10_000
/** GitHub keeps three days of deliveries; this one the newest few thousand, to bound its memory. */
const MOST_KEPT = 5000

export type Message = {
  readonly event: string
  readonly action: string | null
  readonly installationId: number | null
  readonly repositoryId: number | null
  readonly payload: Record<string, unknown>
}

export type Outbox = {
  /** Signs the message now and sends it once; nothing is ever sent again by itself. */
  send(app: App, message: Message): void
  /** Sends the same bytes under the same GUID once more. */
  redeliver(app: App, delivery: Delivery): void
  /** Deliveries not yet answered or given up, held ones included. */
  pending(): number
  /** Resolves once nothing is pending. */
  settled(): Promise<void>
  /** Drops what is held and waits for what is on its way. */
  close(): Promise<void>
}

type World = {
  readonly clock: { now(): number }
  readonly nextId: () => number
  readonly faults: Faults
  readonly counters: Counters
}

export function newOutbox(world: World): Outbox {
  const flying = new Set<Promise<void>>()
  const held = new Set<{ app: App; after: 'next' | 'release'; go(): void; timer?: NodeJS.Timeout }>()
  const closing = new AbortController()

  const letGo = (fits: (one: { app: App; after: string }) => boolean) => {
    for (const one of [...held].filter(fits)) {
      held.delete(one)
      clearTimeout(one.timer)
      one.go()
    }
  }
  world.faults.onClear(() => letGo(() => true))

  const fly = (app: App, delivery: Delivery, happens: 'arrives' | 'drop') => {
    const flight = attempt(world, app, delivery, happens, closing.signal).finally(() => {
      flying.delete(flight)
    })
    flying.add(flight)
    return flight
  }

  const post = (app: App, delivery: Delivery) => {
    const fault = world.faults.takeDelivery(delivery.event)
    switch (fault?.happens) {
      case 'lose':
        return
      case 'drop':
        void fly(app, delivery, 'drop')
        return
      case 'double':
        void fly(app, { ...delivery, id: world.nextId() }, 'arrives')
        void fly(app, delivery, 'arrives')
        return
      case 'delay':
      case 'reorder': {
        const one: { app: App; after: 'next' | 'release'; go(): void; timer?: NodeJS.Timeout } = {
          app,
          after: fault.happens === 'reorder' ? 'next' : 'release',
          go: () => void fly(app, delivery, 'arrives'),
        }
        if (fault.delayMs !== undefined)
          one.timer = setTimeout(() => letGo((each) => each === one), fault.delayMs)
        held.add(one)
        return
      }
      default:
        void fly(app, delivery, 'arrives').then(() => letGo((one) => one.app === app && one.after === 'next'))
    }
  }

  return {
    send: (app, message) => {
      if (app.hook.url === '') return
      post(app, {
        id: world.nextId(),
        guid: randomUUID(),
        event: message.event,
        action: message.action,
        installationId: message.installationId,
        repositoryId: message.repositoryId,
        redelivery: false,
        body: JSON.stringify(message.payload),
        deliveredAt: world.clock.now(),
        durationSeconds: 0,
        status: 'pending',
        statusCode: 0,
        requestHeaders: {},
        responseHeaders: {},
        responseBody: null,
      })
    },
    redeliver: (app, delivery) =>
      post(app, { ...delivery, id: world.nextId(), redelivery: true, deliveredAt: world.clock.now() }),
    pending: () => flying.size + held.size,
    settled: async () => {
      while (flying.size > 0 || held.size > 0) {
        if (flying.size > 0) await Promise.all(flying)
        else await new Promise((resolve) => setTimeout(resolve, 5))
      }
    },
    close: async () => {
      for (const one of held) clearTimeout(one.timer)
      held.clear()
      closing.abort()
      await Promise.all(flying)
    },
  }
}

async function attempt(
  world: World,
  app: App,
  delivery: Delivery,
  happens: 'arrives' | 'drop',
  closing: AbortSignal,
): Promise<void> {
  const sign = (algorithm: string) =>
    `${algorithm}=${createHmac(algorithm, app.hook.secret).update(delivery.body).digest('hex')}`
  delivery.requestHeaders = {
    Accept: '*/*',
    'Content-Type': 'application/json',
    'User-Agent': 'GitHub-Hookshot/7c0f2a1',
    'X-GitHub-Delivery': delivery.guid,
    'X-GitHub-Event': delivery.event,
    'X-GitHub-Hook-ID': String(app.hook.id),
    'X-GitHub-Hook-Installation-Target-ID': String(app.id),
    'X-GitHub-Hook-Installation-Target-Type': 'integration',
    ...(app.hook.secret === ''
      ? {}
      : { 'X-Hub-Signature': sign('sha1'), 'X-Hub-Signature-256': sign('sha256') }),
  }
  app.deliveries.unshift(delivery)
  app.deliveries.length = Math.min(app.deliveries.length, MOST_KEPT)
  world.counters.delivery()
  const started = performance.now()
  try {
    if (happens === 'drop') throw new TypeError('the delivery was dropped on purpose')
    const response = await fetch(app.hook.url, {
      method: 'POST',
      headers: delivery.requestHeaders,
      body: delivery.body,
      redirect: 'manual',
      signal: AbortSignal.any([closing, AbortSignal.timeout(TIME_OUT_MS)]),
    })
    delivery.responseHeaders = Object.fromEntries(response.headers)
    delivery.responseBody = await response.text()
    delivery.statusCode = response.status
    delivery.status = response.ok ? 'OK' : response.statusText || 'Invalid HTTP Response'
  } catch (error) {
    const timedOut = error instanceof DOMException && error.name === 'TimeoutError'
    delivery.statusCode = timedOut ? 504 : 502
    delivery.status = timedOut ? 'timed out' : 'failed to connect to host'
  }
  delivery.durationSeconds = Math.round((performance.now() - started) / 10) / 100
}

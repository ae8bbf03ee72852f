/** What can be made to go wrong with an API answer. */
export type ApiFault = {
  /** `bad-gateway` answers 502, `not-found` 404, `secondary-limit` 403 with Retry-After, `slow` waits and then answers rightly. */
  readonly answer: 'bad-gateway' | 'not-found' | 'secondary-limit' | 'slow'
  readonly method?: string
  /** Tested against the path below the API's root. */
  readonly path?: RegExp
  /** How many requests; without it, until cleared. */
  readonly count?: number
  /** The request is carried out and only its answer is lost. */
  readonly answerLost?: boolean
  readonly retryAfterSeconds?: number
  readonly delayMs?: number
  /** What `slow` waits for, in place of `delayMs`. */
  readonly until?: Promise<unknown>
}

/** What can happen to a webhook delivery on its way. */
export type DeliveryFault = {
  /**
   * `drop`: never arrives, recorded as failed. `lose`: never arrives and nothing is recorded. `double`: sent twice.
   * `delay`: sent after `delayMs`, or when released. `reorder`: held until the next one has been sent.
   */
  readonly happens: 'drop' | 'lose' | 'double' | 'delay' | 'reorder'
  readonly event?: string
  readonly count?: number
  readonly delayMs?: number
}

export type Faults = {
  /** Adds a fault; the function returned takes it away. */
  api(fault: ApiFault): () => void
  deliveries(fault: DeliveryFault): () => void
  /** Takes every fault away and lets held deliveries go. */
  clear(): void
  takeApi(method: string, path: string): ApiFault | undefined
  takeDelivery(event: string): DeliveryFault | undefined
  onClear(listener: () => void): void
}

export function newFaults(): Faults {
  const listeners: (() => void)[] = []
  const api = newSwitches<ApiFault>()
  const deliveries = newSwitches<DeliveryFault>()
  return {
    api: api.add,
    deliveries: deliveries.add,
    clear: () => {
      api.clear()
      deliveries.clear()
      for (const listener of listeners) listener()
    },
    takeApi: (method, path) =>
      api.take((fault) => (fault.method ?? method) === method && (fault.path?.test(path) ?? true)),
    takeDelivery: (event) => deliveries.take((fault) => (fault.event ?? event) === event),
    onClear: (listener) => {
      listeners.push(listener)
    },
  }
}

function newSwitches<F extends { readonly count?: number }>() {
  const active = new Map<F, number>()
  return {
    add: (fault: F) => {
      active.set(fault, fault.count ?? Number.POSITIVE_INFINITY)
      return () => {
        active.delete(fault)
      }
    },
    take: (fits: (fault: F) => boolean): F | undefined => {
      for (const [fault, left] of active) {
        if (!fits(fault)) continue
        if (left <= 1) active.delete(fault)
        else active.set(fault, left - 1)
        return fault
      }
      return undefined
    },
    clear: () => active.clear(),
  }
}

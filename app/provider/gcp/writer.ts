import { setTimeout as pause } from 'node:timers/promises'
import { type Call, ProviderError } from '../port.ts'
import type { Api } from './api.ts'
import type { Policy } from './policy.ts'

/**
 * What one grant wants of a policy: the same policy where nothing is to be done, else another.
 * @throws ProviderError when there is no room for it
 */
export type Change = (policy: Policy) => Policy

type Waiting = {
  readonly change: Change
  /** Whether even an unchanged policy is written, so that its etag proves that the read was no old one. */
  readonly proven: boolean
  /** By the stopwatch (`performance.now`), which no clock set anew disturbs. */
  readonly until: number
  readonly signal: AbortSignal
  readonly resolve: (policy: Policy) => void
  readonly reject: (error: unknown) => void
}

const firstBackOffMs = 100
const longestBackOffMs = 2000

/**
 * Writes policies: read, change, write by etag, read back; after a conflict with another writer all of it again, with
 * jittered back-off, until the deadline. What waits for the same resource goes into one write, so that a thousand
 * grants on one project do not fight each other for its etag.
 */
export const createWriter = (api: Api, clock: { now(): number }) => {
  const queues = new Map<string, Waiting[]>()

  const drain = async (resource: string, queue: Waiting[]): Promise<void> => {
    // Whoever comes in the same turn is still let in.
    await Promise.resolve()
    while (queue.length > 0) {
      const batch = queue.splice(0)
      await write(api, resource, batch).catch((error: unknown) => {
        for (const one of batch) one.reject(error)
      })
    }
    queues.delete(resource)
  }

  return {
    /** @returns the policy as read back after the change */
    change: (resource: string, change: Change, call: Call, proven = false): Promise<Policy> =>
      new Promise((resolve, reject) => {
        const until = performance.now() + call.deadline - clock.now()
        const one = { change, proven, until, signal: call.signal, resolve, reject }
        const queue = queues.get(resource)
        if (queue !== undefined) {
          queue.push(one)
          return
        }
        const fresh = [one]
        queues.set(resource, fresh)
        void drain(resource, fresh)
      }),
  }
}

/** Every one of the batch is answered, or it throws what then holds for those who are not. */
const write = async (api: Api, resource: string, batch: readonly Waiting[]): Promise<void> => {
  let trip = 0
  let waiting = batch
  for (let tries = 0; ; tries++) {
    const wait = tries === 0 ? 0 : Math.random() * Math.min(longestBackOffMs, firstBackOffMs * 2 ** tries)
    // A try takes about as long as the last one did.
    waiting = those(waiting, performance.now() + wait + 2 * trip, resource)
    if (waiting.length === 0) return
    if (wait > 0) await pause(wait)
    const began = performance.now()
    const signal = AbortSignal.timeout(Math.ceil(Math.min(...waiting.map(({ until }) => until)) - began))
    try {
      const policy = await api.policy(resource, signal)
      const { next, left } = applied(policy, waiting)
      waiting = left
      if (left.length === 0) return
      if (next === policy && !left.some(({ proven }) => proven)) {
        for (const one of left) one.resolve(policy)
        return
      }
      await api.setPolicy(resource, next, signal)
      const after = await api.policy(resource, signal)
      for (const one of left) one.resolve(after)
      return
    } catch (error) {
      trip = performance.now() - began
      if (!(error instanceof ProviderError)) throw error
      if (error.kind === 'conflict') continue
      if (signal.aborted && waiting.length > 1) {
        // The first deadline of the batch ended it; the others have time left.
        const now = performance.now()
        for (const one of waiting) if (one.until <= now + 1) one.reject(error)
        waiting = waiting.filter(({ until }) => until > now + 1)
        continue
      }
      if (error.kind !== 'invalid' || waiting.length === 1) {
        for (const one of waiting) one.reject(error)
        return
      }
      // One of them asks for what is not to be had; the others must not pay for it.
      const half = Math.ceil(waiting.length / 2)
      await write(api, resource, waiting.slice(0, half))
      await write(api, resource, waiting.slice(half))
      return
    }
  }
}

/** Those who still have time at `by`; the others hear that somebody else kept changing the policy. */
const those = (waiting: readonly Waiting[], by: number, resource: string): readonly Waiting[] =>
  waiting.filter((one) => {
    if (one.until > by && !one.signal.aborted) return true
    one.reject(new ProviderError('conflict', `gcp: others keep changing the policy of ${resource}`))
    return false
  })

const applied = (policy: Policy, waiting: readonly Waiting[]) => {
  let next = policy
  const left = waiting.filter((one) => {
    try {
      next = one.change(next)
      return true
    } catch (error) {
      one.reject(error)
      return false
    }
  })
  return { next, left }
}

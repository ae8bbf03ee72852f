import { verifyWithFallback } from '@octokit/webhooks-methods'
import type { Clock } from '../reconcile/ports/clock.ts'
import type { Log } from '../reconcile/ports/log.ts'
import type { WakeUp } from '../reconcile/ports/queue.ts'
import type { Delivery } from '../reconcile/ports/store.ts'
import { type IntakeRepository, readDelivery } from './delivery.ts'

/** GitHub sends at most 25 MB (docs.github.com, "Webhook events and payloads"). */
const largest = 25 * 1024 * 1024

export type IntakeAnswer = {
  readonly status: 202 | 400 | 401 | 413
  readonly body: {
    readonly result: 'new' | 'known' | 'ignored' | 'refused'
    readonly delivery?: string
    readonly why?: string
  }
}
export type Intake = (
  headers: Readonly<Record<string, string | undefined>>,
  rawBody: Uint8Array,
) => Promise<IntakeAnswer>

export type IntakeOptions = {
  /** The webhook secret, and the old one while it is being replaced. */
  readonly secrets: readonly [string, ...string[]]
  readonly repositories: readonly IntakeRepository[]
  /** Stores the delivery and wakes in one transaction; `known`: its GUID was there. */
  readonly accept: (delivery: Delivery, wake: readonly WakeUp[]) => Promise<'new' | 'known'>
  readonly log: Log
  readonly clock: Clock
}

/**
 * The door for webhooks: signature first, over the raw bytes, then meaning, then one transaction; the answer
 * goes out once that is committed. A fault of `accept` is thrown: GitHub records the failure, and catch-up
 * asks for the delivery again.
 */
export function createIntake(options: IntakeOptions): Intake {
  const { log } = options
  const [secret, ...older] = options.secrets
  if (options.secrets.some((one) => one === '')) throw new Error('a webhook secret is empty')
  const repositories = new Map(options.repositories.map((repository) => [repository.id, repository]))

  return async (headers, rawBody) => {
    if (rawBody.length > largest) return answer(413, 'refused', `a body has at most ${largest} bytes`)
    const text = utf8(rawBody)
    const signature = headers['x-hub-signature-256']
    if (!text || !signature || !(await verifyWithFallback(secret, text, signature, older))) {
      log.warn('a webhook whose signature does not hold', {
        guid: headers['x-github-delivery']?.slice(0, 64),
      })
      return answer(401, 'refused', 'the signature does not hold: does the App have this webhook secret?')
    }
    const read = readDelivery(headers, rawBody, { repositories, receivedAt: options.clock.now() })
    if ('refused' in read) {
      log.warn('a webhook that was refused', {
        guid: headers['x-github-delivery']?.slice(0, 64),
        why: read.why,
      })
      return answer(read.refused, 'refused', read.why)
    }
    if ('ignored' in read) {
      if (read.alert) log.alert(read.alert.event, read.alert.fields)
      else log.info('a webhook that asks for nothing', { why: read.ignored })
      return answer(202, 'ignored', read.ignored)
    }
    const accepted = await options.accept(read.delivery, read.wake)
    return answer(202, accepted, read.delivery.guid)
  }
}

const answer = (
  status: IntakeAnswer['status'],
  result: IntakeAnswer['body']['result'],
  why: string,
): IntakeAnswer => ({
  status,
  body: { result, ...(result === 'new' || result === 'known' ? { delivery: why } : { why }) },
})

/**
 * The library signs text. Bytes that are no UTF-8 would be mended on the way into a string, so that other
 * bytes than the signed ones could pass: they are no text at all here.
 */
function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}

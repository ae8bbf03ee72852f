import { createHmac } from 'node:crypto'
import { createIntake, type Intake } from '../../app/github/webhook.ts'
import type { WakeUp } from '../../app/reconcile/ports/queue.ts'
import type { Delivery } from '../../app/reconcile/ports/store.ts'
import { rememberingLog } from './log.ts'

export const secret = 'the webhook secret'
export const sign = (body: Uint8Array, by = secret) =>
  `sha256=${createHmac('sha256', by).update(body).digest('hex')}`
export const bytes = (body: unknown) => Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
export const guid = '2e2d0e7a-1b1c-11f0-8de9-0242ac120002'

export const setUp = (
  secrets: readonly [string, ...string[]] = [secret],
  around: (intake: Intake) => Intake = (intake) => intake,
) => {
  const accepted: { delivery: Delivery; wake: readonly WakeUp[] }[] = []
  const { log, lines } = rememberingLog()
  const made = createIntake({
    secrets,
    repositories: [{ id: 7, fullName: 'acme/access', branch: 'main' }],
    accept: async (delivery, wake) => {
      const known = accepted.some((one) => one.delivery.guid === delivery.guid)
      if (!known) accepted.push({ delivery, wake })
      return known ? 'known' : 'new'
    },
    log,
    clock: { now: () => 1_700_000_000_000 },
  })
  const intake = around(made)
  const send = (event: string, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
    intake(
      {
        'x-github-event': event,
        'x-github-delivery': guid,
        'x-hub-signature-256': sign(bytes(body)),
        ...headers,
      },
      bytes(body),
    )
  return { intake, send, accepted, lines }
}

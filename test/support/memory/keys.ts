import { createHmac } from 'node:crypto'
import type { LedgerEvent } from '../../../app/audit/event.ts'
import type { Keys } from '../../../app/reconcile/ports/keys.ts'

/** Keys whose signatures are MACs, of an Ed25519 signature's length: whoever lacks `secret` cannot make one that verifies. */
export const memoryKeys = (secret = 'a key outside the database'): Keys => {
  const digest = (kind: string, value: unknown): string =>
    createHmac('sha512', secret).update(kind).update(stable(value)).digest('base64')
  const bare = (event: LedgerEvent): LedgerEvent => {
    const { sig: _, ...data } = event.data
    return { ...event, data }
  }
  return {
    sign: (event) => ({
      ...event,
      data: { ...event.data, sig: { key: 'memory', value: digest('intent', bare(event)) } },
    }),
    verify: (event) => {
      const { sig } = event.data
      return stable(sig ?? null) === stable({ key: 'memory', value: digest('intent', bare(event)) })
    },
    mac: (kind, columns) => ({ key: 'memory', value: digest(kind, columns) }),
    macHolds: (kind, columns, mac) => mac.key === 'memory' && mac.value === digest(kind, columns),
  }
}

const stable = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )

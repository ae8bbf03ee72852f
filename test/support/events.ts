import type { LedgerEvent } from '../../app/audit/event.ts'

/** A plain event, the `n`th of its kind. */
export function testEvent(n: number, more: Partial<LedgerEvent> = {}): LedgerEvent {
  return {
    v: 1,
    type: 'request.created',
    at: new Date(Date.UTC(2026, 11, 1) + n).toISOString(),
    actor: { kind: 'user', id: '1001', login: 'alice' },
    request: `req_${String(n).padStart(26, '0')}`,
    repo: 123456,
    pull: 7,
    commit: 'c'.repeat(40),
    data: { n },
    ...more,
  }
}

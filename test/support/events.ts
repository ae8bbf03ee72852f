import type { LedgerEvent } from '../../app/audit/event.ts'
import { exampleEvents } from './event-examples.ts'

/** A plain event of its type (`request.created`), the `n`th of its kind. */
export function testEvent(n: number, more: Partial<LedgerEvent> = {}): LedgerEvent {
  const [example] = exampleEvents(more.type ?? 'request.created', n)
  return { ...example, ...more }
}

/** A decision, which may rest on evidence; it names none of its own. */
export function decidedEvent(n: number): LedgerEvent {
  const event = testEvent(n, { type: 'request.approved' })
  return { ...event, data: { ...event.data, evidence: [] } }
}

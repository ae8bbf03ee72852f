import { expect, test } from 'vitest'
import { eventTypes, type LedgerEvent } from '../../app/audit/event.ts'
import { createStanding, overrideKey } from '../../app/grant/standing.ts'
import { exampleEvents } from '../support/event-examples.ts'
import { testEvent } from '../support/events.ts'

const always = () => true
const overridden = (at: string, phase: 'started' | 'ended', until: string): LedgerEvent =>
  testEvent(1, {
    type: 'policy.overridden',
    at,
    repo: 7,
    data: { policy: 'roles', phase, until, by: [{ id: 1, login: 'erin' }] },
  })

test.each(eventTypes)('%s without our signature is told, where gitsudo would have signed it', (type) => {
  const [event] = exampleEvents(type)
  const told = createStanding().push(event, 1, () => false)
  expect(told).toBe(event.data.sig !== undefined)
  expect(createStanding().push(event, 1, always)).toBe(false)
})

test('an override that was ended is not begun again by its own event, put on record once more', () => {
  const standing = createStanding()
  const started = overridden('2026-11-21T10:00:00.000Z', 'started', '2026-11-21T14:00:00.000Z')
  const ended = overridden('2026-11-21T10:05:00.000Z', 'ended', '2026-11-21T14:00:00.000Z')
  for (const [n, event] of [started, ended, started].entries()) standing.push(event, n + 1, always)
  expect(standing.overrides.get(overrideKey(7, 'roles'))).toMatchObject({
    seq: 2,
    until: Date.parse('2026-11-21T10:05:00.000Z'),
  })
  const again = overridden('2026-11-21T10:06:00.000Z', 'started', '2026-11-21T11:00:00.000Z')
  standing.push(again, 4, always)
  expect(standing.overrides.get(overrideKey(7, 'roles'))).toMatchObject({ seq: 4 })
})

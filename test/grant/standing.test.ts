import { expect, test } from 'vitest'
import { type Actor, eventTypes, type LedgerEvent } from '../../app/audit/event.ts'
import { credentialsEvent, endedEvent, gitsudo } from '../../app/grant/events.ts'
import type { Intent } from '../../app/grant/intent.ts'
import { intendedEvent } from '../../app/grant/intent-event.ts'
import { createStanding, overrideKey } from '../../app/grant/standing.ts'
import { exampleEvents } from '../support/event-examples.ts'
import { testEvent } from '../support/events.ts'
import { anIntent } from '../support/memory/intent.ts'

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

test('credentials count, signed or not, for as long as their grant is open, or was revoked before its end', () => {
  const now = Date.parse('2026-11-21T10:00:00.000Z')
  const one = (number: number) => anIntent(number, now)
  const [open, revoked, expired, without] = [one(1), one(2), one(3), one(4)]
  const of = ({ grant: id, repository, pull }: Intent) => ({ id, repository, pull })
  const alice: Actor = { kind: 'user', id: '1001', login: 'alice' }
  const credentials = (one: Intent) => credentialsEvent(of(one), now, alice, 's', one.endsAt)
  const ended = (one: Intent, cause: 'revoked' | 'expired') =>
    endedEvent(of(one), now, { cause, goneAt: now, kept: [] })
  const standing = createStanding()
  const say = (verified: boolean, ...events: readonly LedgerEvent[]) => {
    for (const event of events) standing.push(event, 1, () => verified)
  }
  say(false, credentials(without))
  say(true, ...[open, revoked, expired, without].map((one) => intendedEvent(one, gitsudo, now)))
  say(true, credentials(revoked), credentials(expired))
  say(false, credentials(open), credentials(open))
  say(true, ended(revoked, 'revoked'), ended(expired, 'expired'))
  const given = () => [...standing.given].toSorted()
  standing.forget(now)
  expect(given()).toEqual([open.grant, revoked.grant].toSorted())
  standing.forget(revoked.endsAt + 1)
  expect(given()).toEqual([open.grant])
})

test('where a request lay that was granted is known as long as that its grant is over', () => {
  const now = Date.parse('2026-11-21T10:00:00.000Z')
  const intent = anIntent(1, now)
  const { grant: id, repository, pull, path } = intent
  const standing = createStanding()
  const over = endedEvent({ id, repository, pull }, now, { cause: 'expired', goneAt: now, kept: [] })
  for (const event of [intendedEvent(intent, gitsudo, now), over]) standing.push(event, 1, always)
  standing.forget(now)
  expect([...standing.over]).toEqual([[id, { repository, path }]])
  standing.forget(now + 25 * 3_600_000)
  expect([...standing.over]).toEqual([])
})

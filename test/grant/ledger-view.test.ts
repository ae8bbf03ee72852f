import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { backOff } from '../../app/grant/back-off.ts'
import { writeMs } from '../../app/grant/bounds.ts'
import {
  endedEvent,
  gitsudo,
  issuedEvent,
  observedEvent,
  refusedEvent,
  revokeIntendedEvent,
} from '../../app/grant/events.ts'
import { intendedEvent, readIntent, readSchedule, scheduledEvent } from '../../app/grant/intent-event.ts'
import { foldLedger } from '../../app/grant/ledger-view.ts'
import { writeInstant } from '../../app/request/instant.ts'
import { anIntent } from '../support/memory/intent.ts'

const now = 1_800_000_000_000
const intent = anIntent(1, now)
const subject = { id: intent.grant, repository: intent.repository, pull: intent.pull }
const { endsAt, ...terms } = intent
const schedule = { ...terms, durationMs: endsAt - now }
const sealed = (...events: readonly ReturnType<typeof issuedEvent>[]) =>
  events.map((event) => ({ event, verified: true }))

test('instants are what Date writes, and can be read again', () => {
  fc.assert(
    fc.property(fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 }), (ms) => {
      expect(writeInstant(ms)).toBe(new Date(ms).toISOString())
    }),
  )
})

test('a place is the intent’s by the first sealed look whose signature holds, and by no other', () => {
  const intended = intendedEvent(intent, gitsudo, now)
  const [first, second] = ['one', 'two'].map((place) => observedEvent(subject, now, place))
  if (first === undefined || second === undefined) throw new Error('two')
  const unsigned = { event: first, verified: false }
  expect(foldLedger(intent.grant, sealed(intended, first, second)).intent?.place).toBe('one')
  expect(foldLedger(intent.grant, [...sealed(intended), unsigned]).intent).toEqual(intent)
  expect(foldLedger(intent.grant, sealed(first, intended)).intent).toEqual(intent)
})

describe('intent events', () => {
  test('carry what a role’s sessions may do, and that nobody approved it', () => {
    const all = { ...intent, chain: true, auto: true, configured: { mode: 'pim' } } as const
    expect(readIntent(intendedEvent(all, gitsudo, now))).toEqual(all)
  })

  test('come back as they went', () => {
    expect(readIntent(intendedEvent(intent, gitsudo, now))).toEqual(intent)
    expect(readSchedule(scheduledEvent(schedule, gitsudo, now))).toEqual(schedule)
  })

  test('are read strictly', () => {
    const event = intendedEvent(intent, gitsudo, now)
    const { role: _, ...without } = event.data
    for (const data of [
      without,
      { ...event.data, extra: 1 },
      { ...event.data, provider: 'other' },
      { ...event.data, ends_at: '2027-01-15T09:00:00Z' },
      { ...event.data, ends_at: event.data.starts_at ?? null },
      { ...event.data, requester: { id: 0, login: 'alice' } },
      { ...event.data, blob: 'B'.repeat(40) },
    ]) {
      expect(readIntent({ ...event, data })).toBeUndefined()
    }
    expect(readIntent({ ...event, grant: 'req_1' })).toBeUndefined()
    expect(readIntent({ ...event, type: 'grant.scheduled' })).toBeUndefined()
    const { commit: __, ...uncommitted } = event
    expect(readIntent(uncommitted)).toBeUndefined()
  })
})

describe('the ledger', () => {
  const intended = intendedEvent(intent, gitsudo, now)

  test('allows what is signed', () => {
    const view = foldLedger(intent.grant, sealed(intended, issuedEvent(subject, now, 'h', endsAt)))
    expect(view).toEqual({ intent, issued: true, blocked: false, forged: [] })
  })

  test('takes the first intent and no second', () => {
    const longer = intendedEvent({ ...intent, endsAt: endsAt + 1000 }, gitsudo, now)
    expect(foldLedger(intent.grant, sealed(intended, longer)).intent).toEqual(intent)
  })

  test('allows nothing by an unsigned event, or by one about another grant', () => {
    expect(foldLedger(intent.grant, [{ event: intended, verified: false }])).toMatchObject({
      forged: ['grant.intended'],
    })
    expect(foldLedger(intent.grant, [{ event: intended, verified: false }]).intent).toBeUndefined()
    expect(foldLedger(anIntent(2, now).grant, sealed(intended)).intent).toBeUndefined()
  })

  test('is blocked by any end, signed or not; an unsigned one proves nothing', () => {
    for (const event of [
      revokeIntendedEvent(subject, now, gitsudo, 'x'),
      endedEvent(subject, now, { cause: 'expired', goneAt: now, kept: [] }),
      endedEvent(subject, now, { cause: 'revoked externally', goneAt: now, kept: [] }),
      refusedEvent(subject, now, 'x'),
    ]) {
      expect(foldLedger(intent.grant, sealed(intended, event)).blocked).toBe(true)
      const unsigned = foldLedger(intent.grant, [...sealed(intended), { event, verified: false }])
      expect(unsigned).toMatchObject({ blocked: true })
      expect(unsigned.over ?? unsigned.revoke).toBeUndefined()
    }
    const gone = endedEvent(subject, now, { cause: 'revoked externally', goneAt: now, kept: [] })
    expect(foldLedger(intent.grant, sealed(intended, gone)).over).toEqual({
      state: 'ended',
      cause: 'revoked externally',
      at: now,
    })
  })

  test('of a request refused at the merge blocks its grant for ever', () => {
    const { grant: _, ...event } = refusedEvent(subject, now, 'x')
    expect(foldLedger(intent.grant, [{ event, verified: false }]).blocked).toBe(true)
  })
})

test('back-off doubles to its cap, spread over the upper half, the same for the same grant', () => {
  for (let tries = 0; tries < 40; tries++) {
    const whole = Math.min(60_000, 1000 * 2 ** tries)
    const waits = Array.from({ length: 200 }, (_, n) => backOff(tries, `grant-${n}`))
    for (const wait of waits) {
      expect(wait).toBeGreaterThanOrEqual(whole / 2)
      expect(wait).toBeLessThanOrEqual(whole)
    }
    expect(new Set(waits).size).toBeGreaterThan(50)
  }
})

test('a write may last until half of what is left, and is not begun in the last second', () => {
  expect(writeMs(0, 3_600_000)).toBe(10_000)
  expect(writeMs(0, 12_000)).toBe(6000)
  expect(writeMs(0, 1000)).toBe(500)
  expect(writeMs(0, 999)).toBeUndefined()
  expect(writeMs(5, 0)).toBeUndefined()
})

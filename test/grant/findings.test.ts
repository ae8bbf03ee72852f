import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  compare,
  type Found,
  intentsOf,
  issuedIn,
  strayVerdict,
  strayWords,
} from '../../app/grant/findings.ts'
import type { Intent } from '../../app/grant/intent.ts'
import type { LedgerView } from '../../app/grant/ledger-view.ts'
import type { Open } from '../../app/grant/standing.ts'
import { anIntent } from '../support/memory/intent.ts'

const now = 1_800_000_000_000
const minute = 60_000
const account = (scope: string): string => scope.split('/', 1).join()
const cloud = { name: 'mock', account, bindingKey: ({ grant }: Intent) => `key of ${grant}` }
const sharing = { name: 'mock', account, bindingKey: ({ principal }: Intent) => `key of ${principal}` }
const intent = anIntent(1, now - minute)
const other = anIntent(2, now - minute, { endsAt: now + 120 * minute })

const openOf = (...all: readonly (Intent | Open)[]): ReadonlyMap<string, Open> =>
  new Map(
    all.map((one) => {
      const open = 'intent' in one ? one : ({ intent: one, seq: 1, stage: 'issued', blocked: false } as const)
      return [open.intent.grant, open]
    }),
  )
const foundOf = (of: Intent, change: Partial<Found> = {}): Found => ({
  grant: of.grant,
  handle: cloud.bindingKey(of),
  principal: of.principal,
  role: of.cloudRole,
  scope: of.scope,
  expiresAt: of.endsAt,
  ...change,
})
const open: Open = { intent, seq: 1, stage: 'issued', blocked: false }
const none: ReadonlySet<string> = new Set()
const nothing = { drifted: [], missing: [], strays: [] }
const { grant } = intent

describe('a list against the ledger', () => {
  test.each<[string, readonly Found[], ReadonlyMap<string, Open>, object]>([
    ['as granted', [foundOf(intent)], openOf(intent), nothing],
    ['nothing there, nothing granted', [], openOf(), nothing],
    ['active, and not there', [], openOf(intent), { missing: [grant] }],
    ['being given, and not there yet', [], openOf({ ...open, stage: 'intended' }), nothing],
    ['being given, and there', [foundOf(intent)], openOf({ ...open, stage: 'intended' }), nothing],
    ['being taken away, and not there', [], openOf({ ...open, blocked: true }), nothing],
    ['being taken away, and there', [foundOf(intent)], openOf({ ...open, blocked: true }), nothing],
    ['past its end, and there', [foundOf(intent)], openOf({ ...intent, endsAt: now }), nothing],
    ['past its end, and not there', [], openOf({ ...intent, endsAt: now }), nothing],
    ['another cloud’s', [], openOf({ ...intent, provider: 'gcp' }), nothing],
    ['scheduled, and not there', [], openOf({ ...open, stage: 'scheduled' }), nothing],
    [
      'scheduled, and there',
      [foundOf(intent)],
      openOf({ ...open, stage: 'scheduled' }),
      { strays: [foundOf(intent)] },
    ],
    ['no grant', [foundOf(intent)], openOf(other), { missing: [other.grant], strays: [foundOf(intent)] }],
    [
      'altered',
      [foundOf(intent, { differs: 'x' })],
      openOf(intent),
      { drifted: [{ grant, why: expect.stringMatching(/otherwise than was granted: x$/) }] },
    ],
    [
      'extended',
      [foundOf(intent, { expiresAt: intent.endsAt + 5 * minute + 1 })],
      openOf(intent),
      { drifted: [{ grant, why: expect.stringMatching(/for longer/) }] },
    ],
    [
      'longer by what clocks differ',
      [foundOf(intent, { expiresAt: intent.endsAt + 5 * minute })],
      openOf(intent),
      nothing,
    ],
    [
      'a copy elsewhere beside its own',
      [foundOf(intent), foundOf(intent, { handle: 'elsewhere' })],
      openOf(intent),
      { strays: [foundOf(intent, { handle: 'elsewhere' })] },
    ],
    [
      'elsewhere only: it may be its own by another name',
      [foundOf(intent, { handle: 'elsewhere' })],
      openOf(intent),
      { missing: [grant] },
    ],
    ['another’s mark in its place', [foundOf(intent, { grant: other.grant })], openOf(intent), nothing],
  ])('%s', (_what, listed, ledger, found) => {
    expect(compare(listed, ledger, cloud, issuedIn(ledger, 'mock'), now)).toEqual({ ...nothing, ...found })
  })

  test('what was issued only after the list was asked for is not missing', () => {
    expect(compare([], openOf(intent), cloud, none, now)).toEqual(nothing)
  })

  test('what is not listed in a place that could not be read is not missing, and all else is', () => {
    const [here, there] = [
      { ...intent, scope: 'away/checkout' },
      { ...other, scope: 'at-hand/checkout' },
    ]
    const ledger = openOf(here, there)
    const issued = issuedIn(ledger, 'mock')
    expect(compare([], ledger, cloud, issued, now, ['away'])).toEqual({ ...nothing, missing: [other.grant] })
    // What is seen is seen, wherever it lies.
    const altered = foundOf(here, { differs: 'x' })
    const stray = foundOf(anIntent(3, now), { scope: 'away/other' })
    const seen = compare([altered, stray], ledger, cloud, issued, now, ['away'])
    expect(seen).toMatchObject({ drifted: [{ grant }], missing: [other.grant], strays: [stray] })
  })

  test('a shared place is that of every grant that uses it, for as long as the last', () => {
    const handle = sharing.bindingKey(intent)
    const long = other.endsAt + 5 * minute
    const found = foundOf(intent, { handle, expiresAt: long })
    expect(compare([found], openOf(intent, other), sharing, none, now)).toEqual(nothing)
    expect(compare([found], openOf(other), sharing, none, now)).toEqual(nothing)
    expect(compare([found], openOf(intent), sharing, none, now).drifted).toHaveLength(1)
    expect(compare([found], openOf(), sharing, none, now).strays).toEqual([found])
  })

  test('what is in an open grant’s place is never a stray, whatever it carries and whoever shares it', () => {
    const intents = Array.from({ length: 6 }, (_, number) => anIntent(number, now))
    const grants = fc.subarray(intents).chain((some) =>
      fc.tuple(
        ...some.map((one) =>
          fc.record({
            intent: fc.constantFrom(one, { ...one, endsAt: now }, { ...one, principal: 'shared' }),
            seq: fc.constant(1),
            stage: fc.constantFrom('intended' as const, 'issued' as const),
            blocked: fc.boolean(),
          }),
        ),
      ),
    )
    const listed = fc.array(
      fc.record({
        at: fc.constantFrom(...intents),
        mark: fc.constantFrom(...intents),
        elsewhere: fc.boolean(),
      }),
    )
    fc.assert(
      fc.property(grants, listed, fc.constantFrom(cloud, sharing), (all, bindings, provider) => {
        const standing = openOf(...(all as readonly Open[]))
        const found = bindings.map(({ at, mark, elsewhere }) =>
          foundOf(mark, { handle: elsewhere ? 'elsewhere' : provider.bindingKey(at) }),
        )
        const { strays, missing, drifted } = compare(
          found,
          standing,
          provider,
          issuedIn(standing, 'mock'),
          now,
        )
        const places = intentsOf(standing, 'mock').map((one) => provider.bindingKey(one))
        for (const { handle } of strays) expect(places).not.toContain(handle)
        for (const id of [...missing, ...drifted.map((one) => one.grant)]) {
          const one = standing.get(id)
          expect(one?.blocked === false && now < one.intent.endsAt).toBe(true)
        }
        // Nothing is lost either: in an open grant's place, a stray, or of a grant that is not where it should be.
        for (const one of found.filter(({ handle }) => !places.includes(handle))) {
          const own = standing.get(one.grant)
          const isAway =
            own !== undefined && !found.some(({ handle }) => handle === provider.bindingKey(own.intent))
          expect(strays.includes(one)).toBe(!isAway)
        }
      }),
    )
  })
})

describe('a stray', () => {
  type Facts = Parameters<typeof strayVerdict>[0]
  const ledger: LedgerView = { issued: false, blocked: false, forged: [] }
  const given = { ...ledger, intent, issued: true }
  const over = {
    ...given,
    blocked: true,
    over: { state: 'ended', cause: 'revoked', at: now - 3000 },
  } as const
  const facts: Facts = { ledger, coming: false, taken: false, settleMs: 2000 }
  test.each<[string, Partial<Facts>, string]>([
    ['of which the ledger knows nothing', {}, 'orphan'],
    ['whose intent nobody signed', { ledger: { ...ledger, forged: ['grant.intended'] } }, 'orphan'],
    ['whose request was refused', { ledger: { ...ledger, over: { state: 'refused', at: now } } }, 'orphan'],
    ['whose intent waits for its seal', { coming: true }, 'leave'],
    ['in whose place a grant is by now', { taken: true }, 'leave'],
    ['of a live grant, elsewhere', { ledger: given }, 'orphan'],
    ['of a grant that is over', { ledger: over }, 'resurrected'],
    ['of one that failed', { ledger: { ...over, over: { state: 'failed', at: now - 3000 } } }, 'resurrected'],
    ['of one over a moment ago', { ledger: over, settleMs: 3001 }, 'leave'],
    ['over, and another has its place', { ledger: over, taken: true }, 'leave'],
  ])('%s', (_what, more, verdict) => {
    expect(strayVerdict({ ...facts, ...more }, now)).toBe(verdict)
  })

  test('is told in words that fit an event, whatever the cloud says', () => {
    const words = strayWords(foundOf(intent, { principal: `${'a'.repeat(600)}\ud800`, expiresAt: 8.64e15 }))
    expect(words).toHaveLength(500)
    expect(strayWords(foundOf(intent, { principal: '\ud800' })).isWellFormed()).toBe(true)
    expect(strayWords(foundOf(intent, { expiresAt: 8.64e15 }))).toMatch(/without an end that can be read$/)
  })
})

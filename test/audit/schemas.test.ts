import { readdirSync, readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type EventType, eventTypes, type LedgerEvent } from '../../app/audit/event.ts'
import { eventSchemas, sharedSchema } from '../../app/audit/event-schemas.ts'
import { fitting, misfitOf } from '../../app/audit/fits.ts'
import { eventsPage } from '../../scripts/events-page.ts'
import { exampleEvents } from '../support/event-examples.ts'

const file = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const all = eventTypes.flatMap((type) => exampleEvents(type).map((event) => [type, event] as const))

test('no type is without a schema, and no schema without a type', () => {
  expect(readdirSync(new URL('../../schemas/events/', import.meta.url)).sort()).toEqual(
    ['envelope', ...eventTypes].map((name) => `${name}.json`).sort(),
  )
})

test.each([['envelope', sharedSchema] as const, ...Object.entries(eventSchemas)])(
  'schemas/events/%s.json is the schema that is enforced, and valid (node scripts/write-schemas.ts)',
  (name, schema) => {
    expect(JSON.parse(file(`schemas/events/${name}.json`))).toEqual(schema)
    const ajv = new Ajv2020()
    expect(ajv.validateSchema(schema), JSON.stringify(ajv.errors)).toBe(true)
  },
)

test('docs/events.md lists every type with its fields (node scripts/write-schemas.ts)', () => {
  expect(file('docs/events.md')).toBe(eventsPage())
})

test.each(all)('%s: an event of each shape fits', (_, event) => {
  expect(misfitOf(event)).toBeUndefined()
  expect(fitting(event)).toBe(event)
})

/** The way to everything in an event. */
const places = (value: unknown, at: readonly string[] = []): readonly (readonly string[])[] =>
  typeof value !== 'object' || value === null
    ? [at]
    : [at, ...Object.entries(value).flatMap(([key, child]) => places(child, [...at, key]))]

const edited = (event: LedgerEvent, at: readonly string[], edit: (owner: Tree, key: string) => void) => {
  const copy = structuredClone({ event }) as unknown as Tree
  const way = ['event', ...at]
  const owner = way.slice(0, -1).reduce((place, key) => place[key] as Tree, copy)
  edit(owner, way.at(-1) ?? '')
  return copy.event as LedgerEvent
}
type Tree = { [key: string]: unknown }

const optional =
  /^(actor\/login|request|grant|repo|pull|commit|data\/((metadata|configured)(\/\w+)?|overridden|asked|revoked|without|kept_for|chain|auto|may_last_until|seq|evaluations\/(5\/reviewer|\d\/outcome\/(required|approverGroup))))$/

test.each(all)('%s: what is lost, added, or of another kind is refused wherever it stands', (type, event) => {
  for (const at of places(event)) {
    const path = at.join('/')
    const bad = [edited(event, at, (owner, key) => Object.assign(owner, { [key]: 0.5 }))]
    const found = at.reduce((place: unknown, key) => (place as Tree)[key], event)
    if (typeof found === 'object' && found !== null && !/(metadata|configured)$/.test(path))
      bad.push(
        edited(event, at, (owner, key) => {
          const place = owner[key]
          if (Array.isArray(place)) place.push(0.5)
          else Object.assign(place as Tree, { more: '' })
        }),
      )
    const told = 'result' in event.data || !/refused$/.test(type) || /why$/.test(path)
    if (told && at.length > 0 && !optional.test(path) && !/\d$/.test(path))
      bad.push(edited(event, at, (owner, key) => delete owner[key]))
    for (const one of bad) expect(misfitOf(one), `${path}: ${JSON.stringify(one)}`).toBeDefined()
  }
})

test.each([
  ['policy.overridden', { policy: 'roles', phase: 'asked', until: '2026-12-01T08:00:00.000Z', by: [] }],
  ['policy.overridden', { policy: 'roles', phase: 'started', seconds: 60 }],
  ['grant.refused', { why: 'late', result: 'd'.repeat(64) }],
  ['request.lapsed', { path: 'requests/2026/12/x.yaml', opened_at: '2026-02-30T08:00:00.000Z' }],
] as const)('%s with %j is refused', (type, data) => {
  const [event] = exampleEvents(type)
  const { sig } = event.data
  expect(misfitOf({ ...event, data: { ...data, ...(sig === undefined ? {} : { sig }) } })).toBeDefined()
})

test('an error names the type and the place', () => {
  const [event] = exampleEvents('grant.intended')
  const bad = { ...event, data: { ...event.data, blob: 'HEAD' } }
  expect(() => fitting(bad)).toThrow(/^This grant\.intended does not fit its schema: \/data\/blob must match/)
  expect(misfitOf({ ...event, type: 'toString' as EventType })).toBe('/type is unknown')
})

test('a time is one exactly where it is one to ajv, whatever came before it', () => {
  const isTime = formats
    .default(new Ajv2020(), ['date-time'])
    .compile({ type: 'string', format: 'date-time' })
  const two = (...more: readonly number[]) =>
    fc.constantFrom(0, 1, 23, 24, 28, 29, 30, 31, 59, 60, 61, ...more).map((n) => String(n).padStart(2, '0'))
  const time = fc
    .tuple(fc.constantFrom('2023', '2024', '1900', '0000'), two(2, 12, 13), two(), two(), two(), two())
    .map(([year, month, day, h, m, s]) => `${year}-${month}-${day}T${h}:${m}:${s}.000Z`)
  const [event] = exampleEvents('request.lapsed')
  fc.assert(
    fc.property(fc.array(time, { minLength: 2, maxLength: 5 }), (times) => {
      for (const opened_at of times) {
        const misfit = misfitOf({ ...event, data: { ...event.data, opened_at } })
        expect(misfit === undefined, opened_at).toBe(isTime(opened_at))
      }
    }),
    { numRuns: 2_000 },
  )
})

import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { EventError } from './body.ts'
import type { EventType, LedgerEvent } from './event.ts'
import { eventSchemas, sharedSchema } from './event-schemas.ts'

const compiled = new Map<EventType, ValidateFunction>()

/** Where an event does not fit the schema of its type (`/data/blob must match pattern …`); undefined: it fits. */
export function misfitOf(event: LedgerEvent): string | undefined {
  if (!Object.hasOwn(eventSchemas, event.type)) return '/type is unknown'
  const fits = compiled.get(event.type) ?? compile(event.type)
  if (fits(event)) return undefined
  // Of alternatives, the one that came furthest.
  const [first] = (fits.errors ?? []).toSorted((a, b) => depth(b.instancePath) - depth(a.instancePath))
  const extra: unknown = first?.params.additionalProperty
  return `${first?.instancePath || '/'} ${first?.message}${extra === undefined ? '' : `: ${String(extra)}`}`
}

/** Whether a value is an event, and fits the schema of its type: what `eventOf` and `misfitOf` ask for, in one go. */
export function fits(value: unknown): value is LedgerEvent {
  if (typeof value !== 'object' || value === null) return false
  const { type, repo = 0, pull = 0 } = value as Partial<LedgerEvent>
  if (type === undefined || !Object.hasOwn(eventSchemas, type)) return false
  // A whole number to a schema may be one that was rounded.
  return (
    (compiled.get(type) ?? compile(type))(value) && Number.isSafeInteger(repo) && Number.isSafeInteger(pull)
  )
}

/** The event itself. Throws `EventError` for one that does not fit: a bug of ours, which must not be sealed. */
export function fitting(event: LedgerEvent): LedgerEvent {
  const misfit = misfitOf(event)
  if (misfit === undefined) return event
  throw new EventError(`This ${event.type} does not fit its schema: ${misfit}.`)
}

const depth = (pointer: string): number => pointer.split('/').length

let ajv: Ajv2020 | undefined

const dateTime = formats.default.get('date-time') as { readonly validate: (text: string) => boolean }
/** Date and T of the last time that was one: events come in the order of time. */
let day = ''
const clock = /^(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/

/** As ajv's own `date-time`, which takes as long as all else of an event's schema, unless the day was one already. */
function isTime(text: string): boolean {
  if (day !== '' && text.startsWith(day) && clock.test(text.slice(11))) return true
  if (!dateTime.validate(text)) return false
  day = text.slice(0, 11)
  return true
}

/** When first needed: no process meets every type. That the schemas are valid themselves is for a test. */
function compile(type: EventType): ValidateFunction {
  ajv ??= new Ajv2020({ inlineRefs: false, strictTypes: false, validateSchema: false })
    .addFormat('date-time', isTime)
    .addSchema(sharedSchema)
  const fits = ajv.compile(eventSchemas[type])
  compiled.set(type, fits)
  return fits
}

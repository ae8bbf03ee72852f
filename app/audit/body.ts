import { CanonicalError, canonicalBytes } from './canonical.ts'
import { eventTypes, type LedgerEvent } from './event.ts'

/** Bytes that are no event, or an event that cannot be one; the message says what is wrong. */
export class EventError extends Error {
  readonly code = 'not_an_event'
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'EventError'
  }
}

/** The bytes that are hashed, stored and exported. */
export function bodyOf(event: LedgerEvent): Uint8Array {
  const fault = faultOf(event)
  if (fault) throw new EventError(`This cannot be an event: ${fault}.`)
  return canonicalBytes(event)
}

/** What these bytes say, which may be no event. Throws `EventError` for what is not JSON. */
export function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(body))
  } catch (cause) {
    throw new EventError('The bytes are not JSON.', { cause })
  }
}

/**
 * The event that these bytes are. One event has one spelling: another would have another leaf under the same signature,
 * and could be put on record once more.
 */
export function eventOf(body: Uint8Array): LedgerEvent {
  const value = jsonOf(body)
  const fault = faultOf(value)
  if (fault) throw new EventError(`The bytes are no event: ${fault}.`)
  if (!isCanonical(value, body)) throw new EventError('The bytes are not those of RFC 8785.')
  return value as LedgerEvent
}

/** As `eventOf`; undefined: the bytes are no event. */
export function eventIn(body: Uint8Array): LedgerEvent | undefined {
  try {
    return eventOf(body)
  } catch (error) {
    if (error instanceof EventError) return undefined
    throw error
  }
}

/** Whether these bytes are how RFC 8785 writes what they say. */
export function isCanonical(value: unknown, body: Uint8Array): boolean {
  try {
    return Buffer.compare(canonicalBytes(value), body) === 0
  } catch (error) {
    if (error instanceof CanonicalError) return false
    throw error
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })
const types: ReadonlySet<unknown> = new Set(eventTypes)
const kinds: ReadonlySet<unknown> = new Set(['user', 'app', 'system', 'database'])
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

/** What columns are derived from; `data` is described by `schemas/events/`. */
function faultOf(value: unknown): string | undefined {
  if (!isRecord(value)) return 'not an object'
  if (value.v !== 1) return 'v is not 1'
  if (!types.has(value.type)) return 'type is unknown'
  if (typeof value.at !== 'string' || !time.test(value.at)) return 'at is no UTC time with milliseconds'
  if (!isRecord(value.actor) || !kinds.has(value.actor.kind)) return 'actor is unknown'
  if (typeof value.actor.id !== 'string' || !isOptional('string', value.actor.login))
    return 'actor is unknown'
  for (const name of ['request', 'grant', 'commit']) {
    if (!isOptional('string', value[name])) return `${name} is not a string`
  }
  for (const name of ['repo', 'pull']) {
    if (value[name] !== undefined && !Number.isSafeInteger(value[name]))
      return `${name} is not a whole number`
  }
  if (!isRecord(value.data)) return 'data is not an object'
  return undefined
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isOptional(type: 'string', value: unknown): boolean {
  return value === undefined || typeof value === type
}

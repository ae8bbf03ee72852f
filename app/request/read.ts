import { faultAt, type Schema, schemaReader } from './check-schema.ts'
import { parseDuration } from './duration.ts'
import { type Fault, tidyFaults } from './fault.ts'
import { parseInstant } from './instant.ts'
import { canonicalPath } from './path.ts'
import { quote } from './quote.ts'
import type { AccessRequest, ProviderName } from './request.ts'
import { accessRequestSchema } from './schema.ts'
import type { Limits } from './text.ts'
import type { Place, YamlDocument } from './yaml.ts'

/** Bytes of the largest request file that is read. */
export const requestSizeLimit = 65_536

/** More values than these have no place in a request. */
const requestLimits: Limits = { bytes: requestSizeLimit, depth: 32, values: 1_000 }

/** A request file without fault, and where each of its values stands; or every fault in it. */
export type RequestReading =
  | { readonly ok: true; readonly request: AccessRequest; readonly places: ReadonlyMap<string, Place> }
  | { readonly ok: false; readonly faults: readonly Fault[] }

/** First and last of the starts that are read: PostgreSQL holds them, and gives them back as they are, in any zone. */
const [firstStart, lastStart] = ['2000-01-01T00:00:00Z', '9999-12-30T00:00:00Z'] as const

const readFile = schemaReader(accessRequestSchema satisfies Schema, requestLimits)

/**
 * Reads the request file at `path` (the path in its repository, which must be canonical). Never throws on
 * any bytes, and takes a bounded number of steps.
 * @param start `any`: as earlier releases did, which read a start of every year
 */
export function readRequest(bytes: Uint8Array, path: string, start: 'kept' | 'any' = 'kept'): RequestReading {
  const { document, faults: found } = readFile(bytes, path)
  const faults = [...found]
  const place = canonicalPath(path)
  if (!place.ok) {
    const { message, remedy } = place
    faults.unshift({ file: path, line: 1, column: 1, code: 'path', message, remedy })
  }
  if (document === undefined) return { ok: false, faults: tidyFaults(faults) }
  const duration = readDuration(document)
  faults.push(...duration.faults, ...(start === 'kept' ? startFaults(document) : []))
  if (faults.length > 0) return { ok: false, faults: tidyFaults(faults) }
  const request = toRequest(document.value as Checked, duration.seconds)
  return { ok: true, request, places: document.places }
}

/** What the schema has made sure of. */
type Checked = {
  readonly spec: {
    readonly requester: string
    readonly provider: ProviderName
    readonly role: string
    readonly scope: string
    readonly duration: string
    readonly reason: string
    readonly ticket?: string
    readonly startsAt?: string
    readonly breakGlass?: boolean
    readonly metadata?: Readonly<Record<string, string>>
  }
}

function toRequest({ spec }: Checked, durationSeconds: number): AccessRequest {
  const { requester, provider, role, scope, reason, ticket, breakGlass = false, metadata = {} } = spec
  const startsAt = parseInstant(spec.startsAt ?? '')
  return {
    requester,
    provider,
    role,
    scope,
    durationSeconds,
    reason,
    ...(ticket !== undefined && { ticket }),
    ...(startsAt !== undefined && { startsAt }),
    breakGlass,
    metadata,
  }
}

/** The schema knows a duration's form; its bounds are counted. No time at all where there is a fault. */
function readDuration(document: YamlDocument): {
  readonly seconds: number
  readonly faults: readonly Fault[]
} {
  const text = (document.value as { spec?: { duration?: unknown } } | null)?.spec?.duration
  const duration = typeof text === 'string' ? parseDuration(text) : undefined
  if (duration?.ok) return { seconds: duration.seconds, faults: [] }
  if (duration?.kind !== 'bounds') return { seconds: 0, faults: [] }
  const message = `the duration ${quote(String(text))} ${duration.message}`
  return { seconds: 0, faults: [faultAt(document, '/spec/duration', 'value', message, duration.remedy)] }
}

/** The schema knows a start's form; its bounds are counted. */
function startFaults(document: YamlDocument): readonly Fault[] {
  const text = (document.value as { spec?: { startsAt?: unknown } } | null)?.spec?.startsAt
  const at = typeof text === 'string' ? parseInstant(text) : undefined
  if (at === undefined) return []
  const [first = 0, last = 0] = [firstStart, lastStart].map(parseInstant)
  if (at >= first && at <= last) return []
  const message = `the start ${quote(String(text))} is too ${at < first ? 'early' : 'late'}`
  const remedy = `write a time from ${firstStart} to ${lastStart}, at most 14 days ahead`
  return [faultAt(document, '/spec/startsAt', 'value', message, remedy)]
}

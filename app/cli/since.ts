import { parseSpan } from '../config/span.ts'
import { Failure } from './failure.ts'

/** `24h`, `7d`, or a date and time of RFC 3339, as the latter. */
export function instant(text: string, now: number): string {
  const span = parseSpan(text)
  if (span !== undefined) return new Date(now - span).toISOString()
  if (
    /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2}))?$/.test(text) &&
    !Number.isNaN(Date.parse(text))
  )
    return new Date(text).toISOString()
  throw new Failure(
    'usage',
    `${JSON.stringify(text)} is neither a span nor a time.`,
    'write 24h, 7d or 2026-12-01T08:00:00Z',
  )
}

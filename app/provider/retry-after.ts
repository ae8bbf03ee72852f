/**
 * `Retry-After` as clouds write it, a number of seconds (RFC 9110, 10.2.3), in milliseconds; a date, or what is no plain
 * decimal number, is none.
 */
export const retryAfterOf = (value: unknown): number | undefined => {
  const said = typeof value === 'number' ? String(value) : value
  if (typeof said !== 'string' || !/^\d{1,9}(\.\d{1,9})?$/.test(said.trim())) return undefined
  const ms = Number(said) * 1000
  return ms > 0 ? ms : undefined
}

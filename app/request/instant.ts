// The one pure file that may name Date: these two functions of their arguments never ask it what time it is.
const pattern = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/

/**
 * Epoch milliseconds of an RFC 3339 time with its zone, or undefined. Leap seconds are refused: no clock
 * that a grant is measured by has them.
 */
export function parseInstant(text: string): number | undefined {
  const match = pattern.exec(text)
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second, fraction = '0', sign, zoneHour = '00', zoneMinute = '00'] =
    match
  if (Number(zoneHour) > 23 || Number(zoneMinute) > 59) return undefined
  const date = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`
  const local = new Date(date)
  // A day that the month does not have rolls over, and then reads differently.
  if (Number.isNaN(local.getTime()) || local.toISOString() !== date) return undefined
  const zone = (sign === '-' ? -1 : 1) * (Number(zoneHour) * 60 + Number(zoneMinute))
  return local.getTime() - zone * 60_000 + Math.floor(Number(`0.${fraction}`) * 1000)
}

/** RFC 3339 with milliseconds, UTC, of epoch milliseconds between the years 0 and 9999. */
export const writeInstant = (ms: number): string => new Date(ms).toISOString()

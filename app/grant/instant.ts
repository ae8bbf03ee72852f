/** RFC 3339 with milliseconds, UTC, of epoch milliseconds between the years 0 and 9999. */
export const writeInstant = (ms: number): string => {
  const days = Math.floor(ms / 86_400_000)
  const { year, month, day } = civil(days)
  const rest = ms - days * 86_400_000
  const at = (unit: number, modulus: number, digits = 2) => pad(Math.floor(rest / unit) % modulus, digits)
  const time = `${at(3_600_000, 24)}:${at(60_000, 60)}:${at(1000, 60)}.${at(1, 1000, 3)}`
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}T${time}Z`
}

const pad = (value: number, digits: number): string => String(value).padStart(digits, '0')

/** The proleptic Gregorian date of a day since 1970-01-01, by 400-year eras that begin in March. */
const civil = (days: number): { readonly year: number; readonly month: number; readonly day: number } => {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
  const day = dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day }
}

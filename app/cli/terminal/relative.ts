const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const

/** `in 1h 59m`, `3m ago`, `now`: the two largest units. `at`: RFC 3339. */
export function relative(at: string, now: number): string {
  const distance = Date.parse(at) - now
  const span = spanOf(Math.abs(distance))
  return span === '' ? 'now' : distance > 0 ? `in ${span}` : `${span} ago`
}

function spanOf(ms: number): string {
  let rest = ms
  const parts: string[] = []
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size)
    rest -= count * size
    if (count > 0) parts.push(`${count}${unit}`)
    else if (parts.length > 0) break
    if (parts.length === 2) break
  }
  return parts.join(' ')
}

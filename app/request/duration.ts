const day = 86_400

/** Thirty days, in seconds: longer access is not just-in-time. */
export const longestDuration = 30 * day

/** `90s`, `30m`, `2h`, `1h30m`, `1d`, or the same units in ISO 8601, `PT2H`; largest unit first, each once. */
export const durationPattern =
  '^(?:(?=\\d)(?:\\d{1,4}d)?(?:\\d{1,5}h)?(?:\\d{1,6}m)?(?:\\d{1,8}s)?|P(?=[\\dT])(?:\\d{1,4}D)?(?:T(?=\\d)(?:\\d{1,5}H)?(?:\\d{1,6}M)?(?:\\d{1,8}S)?)?)$'

const wellFormed = new RegExp(durationPattern)
const unitSeconds: Readonly<Record<string, number>> = { D: day, H: 3600, M: 60, S: 1 }

export const durationRemedy = 'write a duration such as 90s, 30m, 2h, 1h30m or PT2H'

/** Seconds in a duration as people write it, from 1 second to `longestDuration`, or what is wrong with it. */
export function parseDuration(text: string):
  | { readonly ok: true; readonly seconds: number }
  | {
      readonly ok: false
      /** `form`: not a duration at all; `bounds`: too short or too long. */
      readonly kind: 'form' | 'bounds'
      readonly message: string
      readonly remedy: string
    } {
  if (!wellFormed.test(text))
    return { ok: false, kind: 'form', message: 'is no duration', remedy: durationRemedy }
  let seconds = 0
  for (const [, count, unit] of text.matchAll(/(\d+)([dhms])/gi)) {
    seconds += Number(count) * (unitSeconds[(unit ?? '').toUpperCase()] ?? 0)
  }
  if (seconds < 1)
    return { ok: false, kind: 'bounds', message: 'is no time at all', remedy: 'ask for at least 1s' }
  if (seconds > longestDuration) {
    return {
      ok: false,
      kind: 'bounds',
      message: `is longer than ${formatDuration(longestDuration)}`,
      remedy: 'ask for at most 30d',
    }
  }
  return { ok: true, seconds }
}

/** Whole seconds as the shortest text that `parseDuration` reads back: `5400` is `1h30m`. */
export function formatDuration(seconds: number): string {
  let rest = Math.max(0, Math.round(seconds))
  let text = ''
  for (const [unit, size] of [
    ['d', day],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    if (rest >= size) text += `${Math.floor(rest / size)}${unit}`
    rest %= size
  }
  return text === '' ? '0s' : text
}

/** The value below which this share of the sorted values lies; NaN of none. */
export const percentile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

/** `p50 120 ms, p99 480 ms, most 510 ms`. */
export const spread = (values: readonly number[]): string =>
  `p50 ${percentile(values, 0.5).toFixed(0)} ms, p99 ${percentile(values, 0.99).toFixed(0)} ms, most ${percentile(values, 1).toFixed(0)} ms`

export const figure = (name: string, value: string): void => console.log(`${name.padEnd(34)} ${value}`)

/** What has to hold: says so, and makes the process fail where it does not. */
export const holds = (name: string, value: string, ok: boolean): void => {
  figure(name, `${value}  ${ok ? 'holds' : 'MISSED'}`)
  if (!ok) process.exitCode = 1
}

/** An aim: says whether it is met. */
export const aim = (name: string, value: string, aimed: string, met: boolean): void =>
  figure(name, `${value}  (aim ${aimed}: ${met ? 'met' : 'missed'})`)

/**
 * Milliseconds to wait after `tries` fruitless ones: doubling from `first` to `most`, spread over the upper half
 * by `salt`, so that grants that failed together do not come back together.
 */
export const backOff = (tries: number, salt: string, first = 1000, most = 60_000): number => {
  const whole = Math.min(most, first * 2 ** Math.min(tries, 30))
  return Math.round(whole / 2 + (whole / 2) * fraction(`${salt}:${tries}`))
}

/** FNV-1a of a text as a number in [0, 1). */
const fraction = (text: string): number => {
  let state = 0x811c9dc5
  for (let i = 0; i < text.length; i++) state = Math.imul(state ^ text.charCodeAt(i), 0x01000193) >>> 0
  return state / 2 ** 32
}

import { setTimeout as pause } from 'node:timers/promises'

/** Asks again until there is an answer; says what it waited for when none comes in time. */
export const until = async <T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  limitMs = 90_000,
): Promise<T> => {
  const end = Date.now() + limitMs
  while (true) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (Date.now() > end) throw new Error(`waited ${limitMs / 1000} s in vain for ${what}`)
    await pause(100)
  }
}

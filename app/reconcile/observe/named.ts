import { Trouble } from './trouble.ts'

export type Naming = {
  /** @param what `user alice`; undefined where GitHub knows none and knew none before */
  ask<T>(what: string, answer: Promise<T | undefined>): Promise<T | undefined>
  /** The same of what only some decisions need; `gone`: what `ask` throws for. It stays named. */
  hear<T>(what: string, answer: Promise<T | undefined>): Promise<T | 'gone' | undefined>
  /** All that GitHub named, in order. */
  named(): readonly string[]
}

/** What GitHub says of something that it named before. */
export const goneWords = (what: string): string =>
  `GitHub named ${what} before, and now knows none, or does not show it to the App`

/**
 * A *no such* of GitHub's for what it named at the last decision on the same pull request contradicts it, and is no fact
 * (trust.md 3.12, 6.17): `ask` throws Trouble for it.
 */
export const naming = (before: readonly string[] = []): Naming => {
  const named = new Set<string>()
  const hear: Naming['hear'] = async (what, answer) => {
    const said = await answer
    if (said === undefined && !before.includes(what)) return undefined
    named.add(what)
    return said ?? 'gone'
  }
  return {
    async ask(what, answer) {
      const said = await hear(what, answer)
      if (said === 'gone') throw new Trouble(goneWords(what))
      return said
    },
    hear,
    named: () => [...named].sort(),
  }
}

import { Trouble } from './trouble.ts'

export type Naming = {
  /** @param what `user alice`, `team acme/sre`; undefined where GitHub knows none and knew none before */
  ask<T>(what: string, answer: Promise<T | undefined>): Promise<T | undefined>
  /** All that GitHub named, in order. */
  named(): readonly string[]
}

/**
 * A *no such* of GitHub's for what it named at the last decision on the same pull request contradicts it, and is no fact
 * (trust.md 3.12, 6.17): `ask` throws Trouble for it.
 */
export const naming = (before: readonly string[] = []): Naming => {
  const named = new Set<string>()
  return {
    async ask(what, answer) {
      const said = await answer
      if (said !== undefined) named.add(what)
      else if (before.includes(what))
        throw new Trouble(`GitHub named ${what} before, and now knows none, or does not show it to the App`)
      return said
    },
    named: () => [...named].sort(),
  }
}

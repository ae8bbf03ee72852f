import { hash } from 'node:crypto'

/** A seed's word, a number, a day or any other, as the integer that fast-check wants; a number stands for itself. */
export const seedOf = (word: string): number =>
  /^\d{1,9}$/.test(word) ? Number(word) : Buffer.from(hash('sha256', word), 'hex').readInt32BE()

/**
 * All of a slow suite's cases; in CI a tenth of them, chosen by `GITSUDO_SEED` (the day, unless told), so that every
 * case comes up in time and a red run can be repeated.
 */
export const tenth = <T>(cases: readonly T[], env: NodeJS.ProcessEnv = process.env): readonly T[] => {
  if (!env.CI) return cases
  const seed = env.GITSUDO_SEED ?? new Date().toISOString().slice(0, 10)
  console.log(`a tenth of ${cases.length} cases, GITSUDO_SEED=${seed}`)
  return cases
    .map((one, index) => ({ one, at: hash('sha256', `${seed} ${index}`) }))
    .sort((a, b) => (a.at < b.at ? -1 : 1))
    .slice(0, Math.ceil(cases.length / 10))
    .map(({ one }) => one)
}

import type { EligibilityResult } from './result.ts'

/** Eligible: at least one enabled policy allows, and none denies, fails or is in trouble (product.md, Policies). */
export const isEligible = (results: readonly EligibilityResult[]): boolean =>
  results.some(({ outcome }) => outcome.kind === 'value' && outcome.allow) &&
  results.every(({ outcome }) => outcome.kind === 'value' && outcome.deny.length === 0)

/** Whether some evaluation came to no verdict (trust.md 3.12); then nothing is refused for ever. */
export const inTrouble = (results: readonly { readonly outcome: { readonly kind: string } }[]): boolean =>
  results.some(({ outcome }) => outcome.kind === 'trouble')

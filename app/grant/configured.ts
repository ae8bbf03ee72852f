import type { Intent } from './intent.ts'

/** Keys of a cloud's section in the configuration from which the place of a grant is derived, with their values. */
export type Configured = Readonly<Record<string, string>>

/**
 * What to put back before anybody can say what became of a grant, in words: under the present configuration its place is
 * another, and empty. Undefined: nothing, or its intent does not say.
 */
export const toPutBack = (
  { provider, configured: given }: Pick<Intent, 'provider' | 'configured'>,
  present: Configured | undefined,
): string | undefined => {
  if (given === undefined || present === undefined) return undefined
  const otherwise = Object.entries(given).filter(([key, value]) => present[key] !== value)
  if (otherwise.length === 0) return undefined
  return otherwise.map(([key, value]) => `providers.${provider}.${key} to ${value}`).join(' and ')
}

/** Whether nothing is left of a grant wherever it was given: a session on AWS refuses itself from its end on. */
export const isSpent = ({ provider, configured, endsAt }: Intent, now: number): boolean =>
  provider === 'aws' && configured?.mode === 'sts_assume_role' && now >= endsAt

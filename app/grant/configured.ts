import type { Intent } from './intent.ts'

/** Keys of a cloud's section in the configuration from which the place of a grant is derived, with their values. */
export type Configured = Readonly<Record<string, string>>

/** What of it a grant's place is derived from: of clusters, the one that its scope names. */
export const configuredAt = (configured: Configured, scope: string): Configured => {
  const [cluster] = scope.split('/', 1)
  return Object.fromEntries(
    Object.entries(configured).filter(
      ([key]) => !key.startsWith('clusters.') || key.startsWith(`clusters.${cluster}.`),
    ),
  )
}

/** Authorities are rotated: it is the same cluster as long as one of them still vouches for it. */
const isSame = (given: string, present: string | undefined): boolean =>
  given === present ||
  given.split(' ').some((one) => one.startsWith('sha256:') && present?.split(' ').includes(one))

/**
 * What to put back before anybody can say what became of a grant, in words: under the present configuration its place is
 * another, and empty. Undefined: nothing, or its intent does not say.
 */
export const toPutBack = (
  { provider, configured: given }: Pick<Intent, 'provider' | 'configured'>,
  present: Configured | undefined,
): string | undefined => {
  if (given === undefined || present === undefined) return undefined
  const otherwise = Object.entries(given).filter(([key, value]) => !isSame(value, present[key]))
  if (otherwise.length === 0) return undefined
  return otherwise.map(([key, value]) => `providers.${provider}.${key} to ${value}`).join(' and ')
}

/** Whether nothing is left of a grant wherever it was given: a session on AWS refuses itself from its end on. */
export const isSpent = ({ provider, configured, endsAt }: Intent, now: number): boolean =>
  provider === 'aws' && configured?.mode === 'sts_assume_role' && now >= endsAt

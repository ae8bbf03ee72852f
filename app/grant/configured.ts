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

/** Authorities of today, of clusters that had none of their own when their address was put on record. */
const without = (given: Configured, present: Configured): Configured =>
  Object.fromEntries(
    Object.keys(present)
      .filter((key) => key.endsWith('.ca') && !(key in given) && key.replace(/ca$/, 'server') in given)
      .map((key) => [key, 'none']),
  )

/**
 * What to put back before anybody can say what became of a grant, in words: under the present configuration its place is
 * another, and empty. Only what its intent says counts: a former release kept a cluster's authority, and its address only
 * where it had none. Undefined: nothing, or its intent does not say.
 */
export const toPutBack = (
  { provider, configured: given }: Pick<Intent, 'provider' | 'configured'>,
  present: Configured | undefined,
): string | undefined => {
  if (given === undefined || present === undefined) return undefined
  const otherwise = Object.entries({ ...without(given, present), ...given }).filter(
    ([key, value]) => !isSame(value, present[key]),
  )
  if (otherwise.length === 0) return undefined
  return otherwise.map(([key, value]) => `providers.${provider}.${key} to ${value}`).join(' and ')
}

/** Whether nothing is left of a grant wherever it was given: a session on AWS refuses itself from its end on. */
export const isSpent = ({ provider, configured, endsAt }: Intent, now: number): boolean =>
  provider === 'aws' && configured?.mode === 'sts_assume_role' && now >= endsAt

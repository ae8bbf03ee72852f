import { Failure } from './failure.ts'
import { type Args, text } from './verb.ts'

/** For what is about all repositories together: `--repo` would look as if it had been obeyed. Throws `Failure`. */
export function refuseRepository(args: Args, about: string, hint: string): void {
  if (text(args, 'repo') !== undefined)
    throw new Failure('usage', `${about} all access repositories together: --repo is not for it.`, hint)
}

/** The one of the service's repositories that is meant: `--repo`'s, or the only one. Throws `Failure`. */
export function repositoryOf<T extends { readonly name: string }>(
  known: readonly T[],
  wanted: string | undefined,
): T {
  const names = known.map(({ name }) => name).join(', ')
  if (known.length === 0)
    throw new Failure(
      'refused',
      'No access repository here knows you.',
      'ask to be added to policies/data/identities.yaml',
    )
  if (wanted !== undefined) {
    const found = known.find(({ name }) => name.toLowerCase() === wanted.toLowerCase())
    if (found === undefined)
      throw new Failure(
        'usage',
        `${wanted} is no access repository of this service that you may see.`,
        `there is ${names}`,
      )
    return found
  }
  const [only, another] = known
  if (only === undefined || another !== undefined)
    throw new Failure('usage', 'There are several access repositories.', `name one with --repo: ${names}`)
  return only
}

import { GitHubError } from '../reconcile/ports/github.ts'

const mostReadings = 4

/** One page after another, as Octokit gives them. */
type Pages<T> = AsyncIterable<{ readonly data: readonly T[] }>

/**
 * All of a list whose pages are counted from its beginning: when an entry leaves an earlier page while a later one is
 * read, another moves up and is on neither (trust.md 6.17). One of several pages is read until nobody whom one reading held
 * is missing in the next; who came in between hides nobody.
 *
 * @param what for people: `the members of team acme/sre`
 * @param read begins at the first page
 * @throws GitHubError `not_found` if GitHub knew no such list from the start; `unavailable` if later it did not, or if
 *   readings went on to differ
 */
export async function readWhole<T extends { readonly id: number }>(
  what: string,
  read: () => Pages<T>,
): Promise<readonly T[]> {
  let begun = false
  let last: ReadonlyMap<number, T> | undefined
  try {
    for (let reading = 1; reading <= mostReadings; reading += 1) {
      const all = new Map<number, T>()
      let pages = 0
      for await (const { data } of read()) {
        begun = true
        pages += 1
        for (const one of data) all.set(one.id, one)
      }
      if (pages === 1 || (last !== undefined && [...last.keys()].every((id) => all.has(id))))
        return [...all.values()]
      last = all
    }
  } catch (error) {
    if (begun && error instanceof GitHubError && error.code === 'not_found')
      throw new GitHubError('unavailable', `GitHub listed ${what}, and knew no such list then`)
    throw error
  }
  throw new GitHubError('unavailable', `${what} changed each time that they were read`)
}

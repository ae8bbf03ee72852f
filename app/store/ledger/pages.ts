/** So that no statement carries, and no answer holds, more than `size` rows at once. */
export function* inPages<T>(all: readonly T[], size = 1000): Iterable<readonly T[]> {
  for (let from = 0; from < all.length; from += size) yield all.slice(from, from + size)
}

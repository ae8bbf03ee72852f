/** Resources asked about at once by `list` and `check`. */
const readers = 16

/** What `work` makes of each, in order, a few at a time. */
export const eachOf = async <T, R>(
  all: readonly T[],
  work: (one: T) => Promise<R>,
): Promise<readonly R[]> => {
  const results: R[] = []
  const left = all.entries()
  await Promise.all(
    Array.from({ length: readers }, async () => {
      for (const [index, one] of left) results[index] = await work(one)
    }),
  )
  return results
}

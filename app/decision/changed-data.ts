/** So many paths, of so many characters in all, go into an event: who proposes policies chooses both. */
const mostPaths = 100
const mostCharacters = 10_000

/** What an event says of changed paths: the first of them, and how many it leaves out. */
export const changedData = (
  paths: readonly string[],
): { readonly changed: readonly string[]; readonly changed_left_out?: number } => {
  let characters = 0
  const changed: string[] = []
  for (const path of paths) {
    characters += path.length
    if (changed.length === mostPaths || characters > mostCharacters) break
    changed.push(path)
  }
  const leftOut = paths.length - changed.length
  return { changed, ...(leftOut === 0 ? {} : { changed_left_out: leftOut }) }
}

import { readTree, type TreeEntry } from './git-objects.ts'
import type { ObjectStore } from './objects.ts'

export type EntryChange = {
  readonly path: string
  readonly before: TreeEntry | null
  readonly after: TreeEntry | null
}

/** Files that differ between two trees, without renames and without a process; null is the empty tree. */
export async function changesOf(
  objects: ObjectStore,
  from: string | null,
  to: string | null,
  prefix = '',
): Promise<EntryChange[]> {
  if (from === to) return []
  const [before, after] = await Promise.all(
    [from, to].map(
      async (tree) => new Map((tree ? await readTree(objects, tree) : [])?.map((each) => [each.path, each])),
    ),
  )
  const changes: EntryChange[] = []
  for (const name of new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])])) {
    const [old, now] = [before?.get(name), after?.get(name)]
    if (old?.sha === now?.sha && old?.mode === now?.mode) continue
    const path = prefix + name
    const folder = (entry: TreeEntry | undefined) => (entry?.mode === '040000' ? entry.sha : null)
    const file = (entry: TreeEntry | undefined) => (entry && entry.mode !== '040000' ? entry : null)
    if (file(old) || file(now)) changes.push({ path, before: file(old), after: file(now) })
    changes.push(...(await changesOf(objects, folder(old), folder(now), `${path}/`)))
  }
  return changes.sort((a, b) => (a.path < b.path ? -1 : 1))
}

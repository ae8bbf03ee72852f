import type { ObjectStore } from './objects.ts'

export type Signature = {
  readonly name: string
  readonly email: string /** Epoch ms. */
  readonly at: number
}
export type Commit = {
  readonly sha: string
  readonly tree: string
  readonly parents: readonly string[]
  readonly author: Signature
  readonly committer: Signature
  readonly message: string
  /** The signature in the object, and the bytes that it signs. */
  readonly signature: string | null
  readonly payload: string
}
export type TreeEntry = { readonly mode: string; readonly path: string; readonly sha: string }

/** Reads a commit, or null where the id names none. */
export async function readCommit(objects: ObjectStore, sha: string): Promise<Commit | null> {
  const object = await objects.read(sha)
  if (object?.type !== 'commit') return null
  const text = object.body.toString()
  const split = text.indexOf('\n\n')
  const headers = text.slice(0, split).replaceAll('\n ', '\0 ').split('\n')
  const values = (name: string) =>
    headers.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1))
  const signature = values('gpgsig')[0]
  return {
    sha,
    tree: values('tree')[0] ?? '',
    parents: values('parent'),
    author: parseSignature(values('author')[0] ?? ''),
    committer: parseSignature(values('committer')[0] ?? ''),
    message: text.slice(split + 2).replace(/\n$/, ''),
    signature: signature?.replaceAll('\0 ', '\n') ?? null,
    payload: `${headers
      .filter((line) => !line.startsWith('gpgsig '))
      .join('\n')
      .replaceAll('\0 ', '\n ')}${text.slice(split)}`,
  }
}

function parseSignature(line: string): Signature {
  const match = /^(.*?) ?<(.*)> (\d+) [+-]\d{4}$/.exec(line)
  return { name: match?.[1] ?? '', email: match?.[2] ?? '', at: Number(match?.[3] ?? 0) * 1000 }
}

const person = (who: Signature) =>
  `${who.name.replaceAll(/[<>\n\0]/g, '')} <${who.email.replaceAll(/[<>\n\0]/g, '')}> ${Math.floor(who.at / 1000)} +0000`

/** Stores a commit and gives its id. */
export function writeCommit(
  objects: ObjectStore,
  commit: Pick<Commit, 'tree' | 'parents' | 'author' | 'committer' | 'message'>,
): Promise<string> {
  const lines = [
    `tree ${commit.tree}`,
    ...commit.parents.map((parent) => `parent ${parent}`),
    `author ${person(commit.author)}`,
    `committer ${person(commit.committer)}`,
    '',
    commit.message,
  ]
  return objects.write('commit', Buffer.from(lines.join('\n')))
}

/** Reads one level of a tree, or null where the id names none. */
export async function readTree(objects: ObjectStore, sha: string): Promise<TreeEntry[] | null> {
  const object = await objects.read(sha)
  if (object?.type !== 'tree') return null
  const entries: TreeEntry[] = []
  for (let at = 0; at < object.body.length; ) {
    const space = object.body.indexOf(32, at)
    const nul = object.body.indexOf(0, space)
    entries.push({
      mode: object.body.toString('latin1', at, space).padStart(6, '0'),
      path: object.body.toString('utf8', space + 1, nul),
      sha: object.body.toString('hex', nul + 1, nul + 21),
    })
    at = nul + 21
  }
  return entries
}

/** Stores one level of a tree in Git's order (a folder sorts as if its name ended in a slash). */
export function writeTree(objects: ObjectStore, entries: readonly TreeEntry[]): Promise<string> {
  const key = (entry: TreeEntry) => Buffer.from(entry.mode === '040000' ? `${entry.path}/` : entry.path)
  const sorted = [...entries].sort((a, b) => Buffer.compare(key(a), key(b)))
  return objects.write(
    'tree',
    Buffer.concat(
      sorted.flatMap((entry) => [
        Buffer.from(`${entry.mode.replace(/^0/, '')} ${entry.path}\0`),
        Buffer.from(entry.sha, 'hex'),
      ]),
    ),
  )
}

export type TreeChange = { readonly mode: string; readonly sha: string } | null

/** Stores `base` with the changes applied: path → new entry, or null to take it away. Empty folders vanish. */
export async function changeTree(
  objects: ObjectStore,
  base: string | null,
  changes: ReadonlyMap<string, TreeChange>,
): Promise<string> {
  const entries = new Map(
    (base ? ((await readTree(objects, base)) ?? []) : []).map((entry) => [entry.path, entry]),
  )
  const below = new Map<string, Map<string, TreeChange>>()
  for (const [path, change] of changes) {
    const slash = path.indexOf('/')
    if (slash < 0) {
      if (change) entries.set(path, { ...change, path })
      else entries.delete(path)
      continue
    }
    const folder = path.slice(0, slash)
    const inner = below.get(folder) ?? new Map<string, TreeChange>()
    below.set(folder, inner.set(path.slice(slash + 1), change))
  }
  for (const [folder, inner] of below) {
    const old = entries.get(folder)
    const sha = await changeTree(objects, old?.mode === '040000' ? old.sha : null, inner)
    if ((await readTree(objects, sha))?.length === 0) entries.delete(folder)
    else entries.set(folder, { mode: '040000', path: folder, sha })
  }
  return writeTree(objects, [...entries.values()])
}

/** What lies at `path` in the tree, or null. The empty path is the tree itself. */
export async function entryAt(objects: ObjectStore, tree: string, path: string): Promise<TreeEntry | null> {
  let entry: TreeEntry = { mode: '040000', path: '', sha: tree }
  for (const part of path.split('/').filter((one) => one !== '')) {
    if (entry.mode !== '040000') return null
    const next = (await readTree(objects, entry.sha))?.find((one) => one.path === part)
    if (!next) return null
    entry = next
  }
  return entry
}

import { type Change, GitError, type Sha, type TreeEntry } from '../reconcile/ports/git.ts'
import { commitOf } from './commit.ts'
import type { Objects } from './objects.ts'
import { isSha } from './sha.ts'

const treeLimit = 16 * 1024 * 1024
/** A tree that names itself over and over unfolds without end; nobody needs more entries and folders than these. */
const walkLimit = 50_000
const depthLimit = 100
/** Nor paths longer than this, all together: what changed is on record with each decision. */
const pathsLimit = 16 * 1024 * 1024
/** Nor folders that differ with more in them than this, both sides counted: each stays in memory while those in it are read. */
const loadLimit = 500_000

type Item = { readonly name: string; readonly mode: string; readonly sha: Sha }

const isTree = (mode: string) => mode === '40000'
const isSubmodule = (mode: string) => mode === '160000'
/** Six digits, as `git ls-tree` prints modes. */
const shown = (mode: string) => mode.padStart(6, '0')

/** `<mode> <name>\0<20 bytes>`, over and over: names may hold anything but NUL and `/`. */
function parseTree(bytes: Buffer, sha: Sha): Item[] {
  const items: Item[] = []
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at)
    const end = bytes.indexOf(0, space)
    const id = bytes.toString('hex', end + 1, end + 21)
    if (space < 0 || end < 0 || !isSha(id)) throw new GitError('corrupt', `tree ${sha} cannot be read`)
    items.push({
      mode: bytes.toString('latin1', at, space),
      name: bytes.toString('utf8', space + 1, end),
      sha: id,
    })
    at = end + 21
  }
  return items
}

const children = async (objects: Objects, tree: Sha) =>
  parseTree(await objects.contents(tree, 'tree', treeLimit), tree)

/** What lies at `path`, by exact name at every step; undefined where nothing does. `''`: the root tree. */
async function find(objects: Objects, commit: Sha, path: string): Promise<Item | undefined> {
  const { tree } = await commitOf(objects, commit)
  let item: Item | undefined = { name: '', mode: '40000', sha: tree }
  for (const name of path === '' ? [] : path.split('/')) {
    if (!item || !isTree(item.mode)) return undefined
    item = (await children(objects, item.sha)).find((child) => child.name === name)
  }
  return item
}

async function entryOf(objects: Objects, path: string, item: Item): Promise<TreeEntry> {
  // A submodule's commit lives in another repository.
  if (isSubmodule(item.mode)) return { path, mode: item.mode, sha: item.sha, size: 0 }
  const info = await objects.info(item.sha)
  if (!info) throw new GitError('corrupt', `${path} (${item.sha}) is missing from the mirror`)
  return { path, mode: shown(item.mode), sha: item.sha, size: info.size }
}

const bare = (folder: string) => folder.replace(/\/+$/, '')

type Pair = { readonly before?: Item | undefined; readonly after?: Item | undefined }

/**
 * Visits what differs below two items, folders left out. This is not left to git: `diff-tree` gathers all it
 * finds before it prints any, so a small hostile tree would have it take all memory.
 */
async function visit(objects: Objects, path: string, pair: Pair, found: (path: string, pair: Pair) => void) {
  let seen = 0
  let loaded = 0
  let written = 0
  const within = async (folder: Item | undefined) => {
    if (folder === undefined) return []
    const items = await children(objects, folder.sha)
    loaded += items.length
    if (loaded > loadLimit)
      throw new GitError(
        'too_large',
        `folders of more than ${loadLimit} entries differ at ${path || 'the root'}`,
      )
    return items
  }
  const walk = async (at: string, { before, after }: Pair, depth: number): Promise<void> => {
    if (before?.sha === after?.sha && before?.mode === after?.mode) return
    seen += 1
    if (seen > walkLimit)
      throw new GitError('too_large', `more than ${walkLimit} files and folders at ${path || 'the root'}`)
    if (depth > depthLimit)
      throw new GitError('too_large', `${at} is nested deeper than ${depthLimit} folders`)
    const [old, fresh] = [
      before && isTree(before.mode) ? before : undefined,
      after && isTree(after.mode) ? after : undefined,
    ]
    const leaf = { before: old ? undefined : before, after: fresh ? undefined : after }
    if (leaf.before ?? leaf.after) {
      written += at.length
      if (written > pathsLimit)
        throw new GitError(
          'too_large',
          `paths of more than ${pathsLimit} characters at ${path || 'the root'}`,
        )
      found(at, leaf)
    }
    const inner = new Map<string, Pair>()
    for (const child of await within(old)) inner.set(child.name, { before: child })
    for (const child of await within(fresh)) {
      inner.set(child.name, { ...inner.get(child.name), after: child })
    }
    for (const [name, next] of inner) await walk(at === '' ? name : `${at}/${name}`, next, depth + 1)
  }
  await walk(path, pair, 0)
}

/** Every entry below the folder `prefix`, folders left out. */
export async function listTree(objects: Objects, commit: Sha, prefix: string): Promise<readonly TreeEntry[]> {
  const root = await find(objects, commit, bare(prefix))
  if (!root || !isTree(root.mode)) return []
  const found: { readonly path: string; readonly item: Item }[] = []
  await visit(
    objects,
    bare(prefix),
    { after: root },
    (path, { after }) => after && found.push({ path, item: after }),
  )
  return Promise.all(found.map(({ path, item }) => entryOf(objects, path, item)))
}

/** What differs at and below `prefix`; a file that becomes a folder is a deletion and additions. */
export async function diffTrees(
  objects: Objects,
  from: Sha | 'empty',
  to: Sha,
  prefix = '',
): Promise<readonly Change[]> {
  const path = bare(prefix)
  const before = from === 'empty' ? undefined : await find(objects, from, path)
  const changes: Change[] = []
  await visit(objects, path, { before, after: await find(objects, to, path) }, (at, pair) => {
    changes.push({
      path: at,
      ...(pair.before && { before: { mode: shown(pair.before.mode), sha: pair.before.sha } }),
      ...(pair.after && { after: { mode: shown(pair.after.mode), sha: pair.after.sha } }),
    })
  })
  return changes
}

export async function findEntry(objects: Objects, commit: Sha, path: string): Promise<TreeEntry | undefined> {
  const item = await find(objects, commit, path)
  return item && entryOf(objects, path, item)
}

export async function hashOfTree(objects: Objects, commit: Sha, path: string): Promise<Sha | undefined> {
  const item = await find(objects, commit, bare(path))
  return item && isTree(item.mode) ? item.sha : undefined
}

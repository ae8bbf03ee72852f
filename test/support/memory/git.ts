import { createHash } from 'node:crypto'
import {
  type Change,
  type Commit,
  GitError,
  type Mirror,
  type Sha,
  type Signatory,
} from '../../../app/reconcile/ports/git.ts'

/** The text of a file that stands for a folder of more than a mirror reads (`too_large`). */
export const bomb = 'unfolds without end'

/** Its text, and its mode where that is not a plain file's. */
export type File = string | { readonly text: string; readonly mode: string }
/** `undefined` takes the file away. */
export type Files = Readonly<Record<string, File | undefined>>
type Held = Commit & {
  readonly tree: ReadonlyMap<string, Sha>
  /** Of what is no plain file. */
  readonly modes: ReadonlyMap<string, string>
}

const sha = (...parts: readonly string[]): Sha => createHash('sha1').update(parts.join('\0')).digest('hex')

/** A Git repository in memory, commits with whole trees, and the mirror of it that sees everything at once. */
export const memoryGit = (branch: string) => {
  const commits = new Map<Sha, Held>()
  const blobs = new Map<Sha, Uint8Array>()
  const refs = new Map<string, Sha>()
  let trouble = false

  const held = (commit: Sha): Held => {
    const found = commits.get(commit)
    if (found === undefined) throw new GitError('missing', `no commit ${commit}`)
    return found
  }
  const ancestors = (from: Sha): ReadonlySet<Sha> => {
    const seen = new Set<Sha>()
    const queue = [from]
    for (const commit of queue) {
      if (seen.has(commit)) continue
      seen.add(commit)
      queue.push(...held(commit).parents)
    }
    return seen
  }
  const tip = (name: string): Sha => {
    const found = refs.get(name)
    if (found === undefined) throw new GitError('missing', `no branch ${name}`)
    return found
  }
  const below = (path: string, prefix: string) => path.startsWith(prefix)
  const side = (commit: Sha | 'empty', path: string) => {
    if (commit === 'empty') return undefined
    const { tree, modes } = held(commit)
    const blob = tree.get(path)
    return blob === undefined ? undefined : { mode: modes.get(path) ?? '100644', sha: blob }
  }
  const entry = (commit: Sha, path: string) => {
    const found = side(commit, path)
    return found && { path, ...found, size: blobs.get(found.sha)?.length ?? 0 }
  }
  const fileOf = ({ sha: blob, mode }: { readonly sha: Sha; readonly mode: string }): File => {
    const text = new TextDecoder().decode(blobs.get(blob))
    return mode === '100644' ? text : { text, mode }
  }
  const paths = (commit: Sha | 'empty') => (commit === 'empty' ? [] : held(commit).tree.keys())
  const changes = (from: Sha | 'empty', to: Sha, prefix = ''): readonly Change[] =>
    [...new Set([...paths(from), ...paths(to)])]
      .filter((path) => below(path, prefix))
      .sort()
      .flatMap((path) => {
        const [old, fresh] = [side(from, path), side(to, path)]
        return old?.sha === fresh?.sha && old?.mode === fresh?.mode
          ? []
          : [{ path, ...(old && { before: old }), ...(fresh && { after: fresh }) }]
      })

  const mustBeReadable = (entries: Iterable<{ readonly sha: Sha } | undefined>) => {
    for (const one of entries)
      if (one?.sha === sha('blob', bomb)) throw new GitError('too_large', 'more files than are read')
  }

  const mirror: Mirror = {
    fetch: async (wants) => {
      if (trouble) throw new GitError('unavailable', 'the network is away')
      for (const want of wants) held(want)
      return { tip: tip(branch) }
    },
    has: async (commit) => commits.has(commit),
    parents: async (commit) => held(commit).parents,
    mergeBase: async (a, b) => {
      const common = [...ancestors(a)].filter((commit) => ancestors(b).has(commit))
      return common.find((one) => common.every((other) => ancestors(one).has(other)))
    },
    isAncestor: async (ancestor, descendant) => ancestors(descendant).has(held(ancestor).sha),
    changes: async (from, to, prefix) => {
      const found = changes(from, to, prefix)
      mustBeReadable(found.flatMap(({ before, after }) => [before, after]))
      return found
    },
    tree: async (commit, prefix) => {
      const found = [...held(commit).tree.keys()]
        .filter((path) => below(path, prefix))
        .flatMap((path) => entry(commit, path) ?? [])
      mustBeReadable(found)
      return found
    },
    entry: async (commit, path) => entry(commit, path),
    treeHash: async (commit, path) => {
      const { tree, modes } = held(commit)
      const within = [...tree].filter(([name]) => below(name, path.replace(/\/?$/, '/')))
      const told = within.map(([name, blob]) => [name, modes.get(name) ?? '', blob])
      return told.length === 0 ? undefined : sha(...told.sort().flat())
    },
    blob: async (id, limit) => {
      const bytes = blobs.get(id)
      if (bytes === undefined) throw new GitError('missing', `no blob ${id}`)
      if (bytes.length > limit) throw new GitError('too_large', `blob ${id}`)
      return bytes
    },
    everHeld: async (commit, path) => [...ancestors(commit)].some((one) => held(one).tree.has(path)),
    commits: async (base, head) => {
      const old = ancestors(base)
      return [...ancestors(head)].filter((one) => !old.has(one)).map(held)
    },
    firstParents: async (from, to) => {
      const steps: Sha[] = []
      for (let at: Sha | undefined = to; at !== undefined; at = held(at).parents[0]) {
        if (at === from) return steps.reverse()
        steps.push(at)
      }
      return undefined
    },
  }

  return {
    mirror,
    refs,
    tip,
    changes,
    /** Whether `from` has `commit` in its history. */
    reaches: (from: Sha, commit: Sha): boolean => ancestors(from).has(commit),
    ancestors,
    held,
    text: (blob: Sha): string => new TextDecoder().decode(blobs.get(blob)),
    parents: (commit: Sha): readonly Sha[] => held(commit).parents,
    /** Of a file; undefined where there is none. */
    mode: (commit: Sha, path: string): string | undefined => side(commit, path)?.mode,
    /** A commit and its first parents, newest first. */
    line: (commit: Sha): readonly Sha[] => {
      const found: Sha[] = []
      for (let at: Sha | undefined = commit; at !== undefined; at = held(at).parents[0]) found.push(at)
      return found
    },
    commit(parents: readonly Sha[], files: Files, author: Signatory, committer = author): Sha {
      const before = parents[0] === undefined ? undefined : held(parents[0])
      const [tree, modes] = [new Map(before?.tree), new Map(before?.modes)]
      for (const [path, file] of Object.entries(files)) {
        modes.delete(path)
        if (file === undefined) {
          tree.delete(path)
          continue
        }
        const text = typeof file === 'string' ? file : file.text
        const id = sha('blob', text)
        blobs.set(id, new TextEncoder().encode(text))
        tree.set(path, id)
        if (typeof file !== 'string') modes.set(path, file.mode)
      }
      const id = sha('commit', ...parents, ...[...tree].flat(), author.email, String(commits.size))
      commits.set(id, { sha: id, parents, author, committer, coAuthors: [], tree, modes })
      return id
    },
    /** What `head` changes since it left `base`, as files to commit elsewhere. */
    async patch(base: Sha, head: Sha): Promise<Files> {
      const from = await mirror.mergeBase(base, head)
      return Object.fromEntries(
        changes(from ?? 'empty', head).map(({ path, after }) => [path, after && fileOf(after)]),
      )
    },
    forget: (commit: Sha) => commits.delete(commit),
    away(value: boolean): void {
      trouble = value
    },
  }
}

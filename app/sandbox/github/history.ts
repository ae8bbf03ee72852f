import { git, runGit } from './git.ts'
import { type Commit, readCommit } from './git-objects.ts'
import type { ObjectStore } from './objects.ts'
import { changesOf, type EntryChange } from './tree-diff.ts'

/** How far a straight line is followed before git is asked. */
const LONGEST_LINE = 64

/** A repository's objects and where they lie. */
export type History = { readonly gitDir: string; readonly objects: ObjectStore }

/** Whether `ancestor` is reachable from `commit` (a commit is its own ancestor). */
export async function isAncestor(
  { gitDir, objects }: History,
  ancestor: string,
  commit: string,
): Promise<boolean> {
  if (ancestor === commit || (await readCommit(objects, commit))?.parents.includes(ancestor)) return true
  return (await runGit(gitDir, ['merge-base', '--is-ancestor', ancestor, commit])).code === 0
}

/**
 * Commits from `base`, exclusive, to `head`, oldest first, where they are a short straight line; else null.
 * Answers the common case without a process.
 */
export async function straightLine(
  { objects }: History,
  base: string,
  head: string,
): Promise<string[] | null> {
  const line: string[] = []
  for (let at = head; line.length < LONGEST_LINE; ) {
    if (at === base) return line.reverse()
    const parents = (await readCommit(objects, at))?.parents ?? []
    const [parent] = parents
    if (parents.length !== 1 || parent === undefined) return null
    line.push(at)
    at = parent
  }
  return null
}

/** The best common ancestor, or null for unrelated histories. */
export async function mergeBase(gitDir: string, a: string, b: string): Promise<string | null> {
  const result = await runGit(gitDir, ['merge-base', a, b])
  return result.code === 0 ? result.stdout.toString().trim() : null
}

/** Commits reachable from `to` and not from `from`, oldest first. */
export async function commitsBetween(gitDir: string, from: string | null, to: string): Promise<string[]> {
  const out = await git(gitDir, ['rev-list', '--topo-order', '--reverse', to, ...(from ? [`^${from}`] : [])])
  return out.split('\n').filter((line) => line !== '')
}

export type CommitPaths = {
  readonly added: string[]
  readonly modified: string[]
  readonly removed: string[]
}

/** The paths that a commit changed against its first parent. */
export async function pathsOf(objects: ObjectStore, commit: Commit): Promise<CommitPaths> {
  const [first] = commit.parents
  const parent = first === undefined ? null : await readCommit(objects, first)
  const changes = await changesOf(objects, parent?.tree ?? null, commit.tree)
  const paths = (fits: (change: EntryChange) => boolean) => changes.filter(fits).map((change) => change.path)
  return {
    added: paths((change) => change.before === null),
    modified: paths((change) => change.before !== null && change.after !== null),
    removed: paths((change) => change.after === null),
  }
}

export type FileChange = {
  readonly path: string
  readonly previousPath: string | null
  readonly status: 'added' | 'removed' | 'modified' | 'renamed' | 'copied' | 'changed'
  /** The blob after the change, or before it where the file was removed. */
  readonly sha: string
  readonly additions: number
  readonly deletions: number
}

const STATUS = { A: 'added', D: 'removed', M: 'modified', R: 'renamed', C: 'copied', T: 'changed' } as const

/** Files that differ between two trees or commits, with line counts; renames are found. */
export async function filesBetween(gitDir: string, from: string, to: string): Promise<FileChange[]> {
  const out = await git(gitDir, [
    'diff-tree',
    '-r',
    '-z',
    '-M',
    '--raw',
    '--numstat',
    '--no-abbrev',
    from,
    to,
  ])
  const words = out.split('\0')
  const files = new Map<string, FileChange>()
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    if (word.startsWith(':')) {
      const [, , before = '', after = '', letter = ''] = word.split(' ')
      const status = STATUS[letter.charAt(0) as keyof typeof STATUS] ?? 'changed'
      const first = words[++at] ?? ''
      const moved = status === 'renamed' || status === 'copied'
      const path = moved ? (words[++at] ?? '') : first
      const sha = status === 'removed' ? before : after
      files.set(path, { path, previousPath: moved ? first : null, status, sha, additions: 0, deletions: 0 })
    } else if (word !== '') {
      const [additions = '', deletions = '', name = ''] = word.split('\t')
      const renamed = name === ''
      if (renamed) at += 2
      const path = renamed ? (words[at] ?? '') : name
      const file = files.get(path)
      if (file)
        files.set(path, { ...file, additions: Number(additions) || 0, deletions: Number(deletions) || 0 })
    }
  }
  return [...files.values()]
}

/** The text of the change to one file, without its header, or null for binary files. */
export async function patchOf(
  gitDir: string,
  from: string,
  to: string,
  file: FileChange,
): Promise<string | null> {
  const paths = file.previousPath ? [file.previousPath, file.path] : [file.path]
  const out = await git(gitDir, ['diff-tree', '-p', '-M', from, to, '--', ...paths])
  const start = out.indexOf('\n@@')
  return start < 0 ? null : out.slice(start + 1).replace(/\n$/, '')
}

/** The tree that a merge of the two commits gives, or null where they conflict or share no history. */
export async function mergedTree(gitDir: string, ours: string, theirs: string): Promise<string | null> {
  const result = await runGit(gitDir, ['merge-tree', '--write-tree', '--name-only', ours, theirs])
  return result.code === 0 ? (result.stdout.toString().split('\n')[0] ?? null) : null
}

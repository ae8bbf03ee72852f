import { git, runGit } from './git.ts'
import { type Commit, readCommit } from './git-objects.ts'
import type { ObjectStore } from './objects.ts'
import { behind, type History, knownBehind, parentsOf, walk } from './reach.ts'
import { changesOf, type EntryChange } from './tree-diff.ts'

/** Whether `ancestor` is reachable from `commit` (a commit is its own ancestor). */
export async function isAncestor(history: History, ancestor: string, commit: string): Promise<boolean> {
  const known = knownBehind(history, commit)
  if (known) return known(ancestor)
  // What lies behind the one that is looked for does not lead to it.
  const past = knownBehind(history, ancestor)
  const stop = (sha: string) => sha !== ancestor && past?.(sha) === true
  return (await walk(history, commit, stop, (sha) => sha === ancestor)).has(ancestor)
}

/** Commits reachable from `to` and not from `from`, parents before children. */
export async function commitsBetween(history: History, from: string | null, to: string): Promise<string[]> {
  const left = from === null ? () => false : await behind(history, from)
  const seen = new Set<string>()
  const ordered: string[] = []
  for (const stack = [{ sha: to, parentsDone: false }]; stack.length > 0; ) {
    const { sha, parentsDone } = stack.pop() ?? { sha: '', parentsDone: true }
    if (parentsDone) ordered.push(sha)
    if (parentsDone || seen.has(sha) || left(sha)) continue
    seen.add(sha)
    stack.push({ sha, parentsDone: true })
    for (const parent of [...(await parentsOf(history, sha))].reverse())
      stack.push({ sha: parent, parentsDone: false })
  }
  return ordered
}

/** The best common ancestor, or null for unrelated histories. */
export async function mergeBase(gitDir: string, a: string, b: string): Promise<string | null> {
  const result = await runGit(gitDir, ['merge-base', a, b])
  return result.code === 0 ? result.stdout.toString().trim() : null
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

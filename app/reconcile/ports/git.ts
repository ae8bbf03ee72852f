/** 40 lower-case hex digits. */
export type Sha = string

export type TreeEntry = {
  readonly path: string
  readonly mode: string
  readonly sha: Sha
  readonly size: number
}
/** `blob: undefined` on the side where the path does not exist. Renames come as a deletion and an addition. */
export type Change = {
  readonly path: string
  readonly before?: { readonly mode: string; readonly sha: Sha }
  readonly after?: { readonly mode: string; readonly sha: Sha }
}
export type Signatory = { readonly name: string; readonly email: string }
export type Commit = {
  readonly sha: Sha
  readonly parents: readonly Sha[]
  readonly author: Signatory
  readonly committer: Signatory
  readonly coAuthors: readonly Signatory[]
}

/**
 * A bare mirror of one access repository: content by exact SHA, complete and unpaginated.
 * Every method throws `GitError` (code `unavailable`, `missing` or `too_large`) rather than answer incompletely.
 */
export type Mirror = {
  /** Makes these commits and the branch's tip present; one network call; returns the tip. */
  fetch(wants: readonly Sha[]): Promise<{ readonly tip: Sha }>
  /** Whether the mirror holds this commit now; no network. */
  has(commit: Sha): Promise<boolean>
  parents(commit: Sha): Promise<readonly Sha[]>
  mergeBase(a: Sha, b: Sha): Promise<Sha | undefined>
  isAncestor(ancestor: Sha, descendant: Sha): Promise<boolean>
  /** Differences between two commits' trees, under `prefix` where given. */
  changes(from: Sha | 'empty', to: Sha, prefix?: string): Promise<readonly Change[]>
  /** Every entry below `prefix` at `commit`. */
  tree(commit: Sha, prefix: string): Promise<readonly TreeEntry[]>
  /** What lies at one path: undefined where nothing does. */
  entry(commit: Sha, path: string): Promise<TreeEntry | undefined>
  /** The tree hash of a folder at `commit`. */
  treeHash(commit: Sha, path: string): Promise<Sha | undefined>
  /** A blob's bytes; throws code `too_large` past `limit`. */
  blob(sha: Sha, limit: number): Promise<Uint8Array>
  /** Whether anything ever lay at `path` in the history of `commit` (trust.md 3.4). */
  everHeld(commit: Sha, path: string): Promise<boolean>
  /** Commits reachable from `head` and not from `base`. */
  commits(base: Sha, head: Sha): Promise<readonly Commit[]>
  /** First-parent history after `from` up to `to`, oldest first; undefined when `from` is not on it. */
  firstParents(from: Sha, to: Sha): Promise<readonly Sha[] | undefined>
}

export type Git = {
  /** @param repository a configured repository's numeric id */
  mirror(repository: number): Mirror
}

export class GitError extends Error {
  readonly code: 'unavailable' | 'missing' | 'too_large' | 'corrupt'
  constructor(code: GitError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'GitError'
    this.code = code
  }
}

/** What was read; undefined where it is larger than is read (`too_large`). */
export const unlessTooLarge = async <T>(reading: Promise<T>): Promise<T | undefined> => {
  try {
    return await reading
  } catch (error) {
    if (error instanceof GitError && error.code === 'too_large') return undefined
    throw error
  }
}

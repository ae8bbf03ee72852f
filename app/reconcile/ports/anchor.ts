import type { Sha } from './git.ts'

/**
 * One branch of the anchor repository, on GitHub. It only ever grows. Throws `GitHubError` (ports/github.ts); writes
 * pass the installation's budget, one for each commit.
 */
export type AnchorBranch = {
  /** Where it is; undefined: there is no such branch. */
  tip(): Promise<Sha | undefined>
  /** A file's text at a commit; undefined: it holds none. */
  file(commit: Sha, path: string): Promise<string | undefined>
  /** What a commit was made on. */
  parents(commit: Sha): Promise<readonly Sha[]>
  /** Whether `descendant` is `ancestor` or was made on top of it. */
  descends(ancestor: Sha, descendant: Sha): Promise<boolean>
  /**
   * One commit that writes these files, on top of `parent`; without one, the first of a new branch.
   * @throws GitHubError `conflict` when the branch is elsewhere
   */
  commit(change: {
    readonly parent?: Sha
    readonly message: string
    readonly files: ReadonlyMap<string, string>
  }): Promise<Sha>
}

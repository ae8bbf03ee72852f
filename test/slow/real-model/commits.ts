import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Truth } from '../../support/restatement/truth.ts'

/** What Git says of commits, asked of the repository itself, each question once. */
export const commitsOf = (
  github: string,
): Truth['git'] & {
  text(blob: string): string
  tip(branch: string): string | undefined
  parent(commit: string): string | undefined
  /** Whether a merge of these would need a person. */
  conflict(a: string, b: string): boolean
} => {
  const folder = join(github, 'repositories')
  const [name = ''] = readdirSync(folder)
  const run = (args: readonly string[]) =>
    spawnSync('git', ['--git-dir', join(folder, name), ...args], { encoding: 'utf8' })
  const git = (...args: readonly string[]): string => {
    const { status, stdout, stderr } = run(args)
    if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`)
    return stdout
  }
  /** undefined: there is none. */
  const one = (...args: readonly string[]): string | undefined => {
    const { status, stdout } = run(args)
    return status === 0 ? stdout.trim() : undefined
  }
  const once = <T>(ask: (key: string) => T) => {
    const known = new Map<string, T>()
    return (key: string): T => {
      const answer = known.get(key) ?? ask(key)
      known.set(key, answer)
      return answer
    }
  }
  const lines = (text: string) => text.split('\n').filter((line) => line !== '')
  /** Path → mode and blob. */
  const entries = once(
    (commit) =>
      new Map(
        git('ls-tree', '-r', '-z', commit)
          .split('\0')
          .filter((entry) => entry !== '')
          .map((entry) => {
            const [told = '', path = ''] = entry.split('\t')
            const [mode = '', , blob = ''] = told.split(' ')
            return [path, { mode, blob }] as const
          }),
      ),
  )
  const files = once((commit) => new Map([...entries(commit)].map(([path, { blob }]) => [path, blob])))
  const history = once((commit) => new Set(lines(git('rev-list', commit))))
  return {
    files,
    mode: (commit, path) => entries(commit).get(path)?.mode,
    history,
    line: once((commit) => lines(git('rev-list', '--first-parent', commit))),
    forkPoint: (a, b) => one('merge-base', a, b) ?? '',
    signatories: once((commit) =>
      lines(git('log', '-1', '--format=%ae%n%ce%n%(trailers:key=Co-authored-by,valueonly)', commit)).map(
        (line) => /<(.*)>/.exec(line)?.[1] ?? line,
      ),
    ),
    // A submodule is a commit of somebody else's.
    text: once((blob) => {
      const { status, stdout } = run(['cat-file', 'blob', blob])
      return status === 0 ? stdout : ''
    }),
    conflict: (a, b) => run(['merge-tree', '--write-tree', a, b]).status !== 0,
    tip: (branch) => one('rev-parse', '--verify', '--quiet', `refs/heads/${branch}`),
    parent: (commit) => one('rev-parse', '--verify', '--quiet', `${commit}^1`),
  }
}

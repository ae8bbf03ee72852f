import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { mustRun } from './run.ts'

/** Somebody's clone: any Git command runs in it as that person, and answers what it printed. */
export type Clone = {
  readonly dir: string
  git(...args: readonly string[]): Promise<string>
  /** One more commit with these files (null deletes), and its SHA; `args` go to `git commit`. */
  commit(files: Readonly<Record<string, string | null>>, ...args: readonly string[]): Promise<string>
}

/** Clones afresh into `dir`, with `branch` checked out. */
export const openClone = async (
  { id, login, token }: { readonly id: number; readonly login: string; readonly token: string },
  url: string,
  dir: string,
  branch = 'main',
): Promise<Clone> => {
  const env = gitEnvironment(login, `${id}+${login}@users.noreply.github.com`, token)
  const git: Clone['git'] = async (...args) => (await mustRun('git', args, { cwd: dir, env })).trim()
  await rm(dir, { recursive: true, force: true })
  await mkdir(dir, { recursive: true })
  await git('clone', '--quiet', '--branch', branch, url, '.')
  return {
    dir,
    git,
    async commit(files, ...args) {
      for (const [path, text] of Object.entries(files)) {
        if (text === null) await rm(join(dir, path))
        else {
          await mkdir(dirname(join(dir, path)), { recursive: true })
          await writeFile(join(dir, path), text)
        }
      }
      await git('add', '--all')
      await git('commit', '--quiet', ...args)
      return git('rev-parse', 'HEAD')
    },
  }
}

/** No configuration of the machine's; the token goes in through the environment, never the command line. */
const gitEnvironment = (login: string, email: string, token: string): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: '/nonexistent',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: login,
  GIT_AUTHOR_EMAIL: email,
  GIT_COMMITTER_NAME: login,
  GIT_COMMITTER_EMAIL: email,
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'http.extraHeader',
  GIT_CONFIG_VALUE_0: `Authorization: Basic ${Buffer.from(`${login}:${token}`).toString('base64')}`,
})

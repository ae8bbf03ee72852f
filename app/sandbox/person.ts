import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { mustRun } from './run.ts'

/** Someone with a GitHub token and a clone: does what people do, with `git` and GitHub's REST API. */
export type Person = {
  readonly id: number
  readonly login: string
  readonly token: string
  /** Pushes a new branch off main with these files (null deletes), and answers its head. */
  push(branch: string, message: string, files: Readonly<Record<string, string | null>>): Promise<string>
  /** A fresh clone of a repository that he may read; answers its folder. */
  clone(repository: string): Promise<string>
  openPull(branch: string, title: string): Promise<{ readonly number: number; readonly head: string }>
  review(pull: number, event: 'APPROVE' | 'REQUEST_CHANGES' | 'COMMENT', body?: string): Promise<number>
  merge(pull: number): Promise<{ readonly status: number; readonly sha?: string; readonly message?: string }>
  /** GitHub's REST API as this person. */
  api(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ readonly status: number; readonly body: unknown }>
}

export const createPerson = (
  account: { readonly id: number; readonly login: string; readonly token: string },
  at: { readonly apiUrl: string; readonly gitUrl: string; readonly repository: string; readonly dir: string },
): Person => {
  const email = `${account.id}+${account.login}@users.noreply.github.com`
  const gitIn =
    (cwd: string) =>
    (...args: string[]) =>
      mustRun('git', args, { cwd, env: gitEnvironment(account.login, email, account.token) })
  const clone: Person['clone'] = async (repository) => {
    const dir = join(at.dir, account.login, repository.replace('/', '.'))
    await rm(dir, { recursive: true, force: true })
    await mkdir(dir, { recursive: true })
    await gitIn(dir)('clone', '--quiet', `${at.gitUrl}/${repository}.git`, '.')
    return dir
  }

  const api: Person['api'] = async (method, path, body) => {
    const response = await fetch(`${at.apiUrl}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${account.token}`,
        accept: 'application/vnd.github+json',
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
  }
  const repo = `/repos/${at.repository}`

  return {
    ...account,
    api,
    clone,
    async push(branch, message, files) {
      const dir = await clone(at.repository)
      const git = gitIn(dir)
      await git('switch', '--quiet', '--create', branch)
      for (const [path, text] of Object.entries(files)) {
        if (text === null) await rm(join(dir, path))
        else {
          await mkdir(dirname(join(dir, path)), { recursive: true })
          await writeFile(join(dir, path), text)
        }
      }
      await git('add', '--all')
      await git('commit', '--quiet', '--message', message)
      await git('push', '--quiet', 'origin', branch)
      return (await git('rev-parse', 'HEAD')).trim()
    },
    async openPull(branch, title) {
      const { status, body } = await api('POST', `${repo}/pulls`, { title, head: branch, base: 'main' })
      if (status !== 201) throw new Error(`opening a pull request failed: ${status} ${JSON.stringify(body)}`)
      const pull = body as { number: number; head: { sha: string } }
      return { number: pull.number, head: pull.head.sha }
    },
    async review(pull, event, body = '') {
      return (await api('POST', `${repo}/pulls/${pull}/reviews`, { event, body })).status
    },
    async merge(pull) {
      const { status, body } = await api('PUT', `${repo}/pulls/${pull}/merge`, { merge_method: 'merge' })
      return { ...(body as { sha?: string; message?: string }), status }
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

import { join } from 'node:path'
import { openClone } from './clone.ts'

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
  const fresh = (repository: string) =>
    openClone(
      account,
      `${at.gitUrl}/${repository}.git`,
      join(at.dir, account.login, repository.replace('/', '.')),
    )
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
    clone: async (repository) => (await fresh(repository)).dir,
    async push(branch, message, files) {
      const clone = await fresh(at.repository)
      await clone.git('switch', '--quiet', '--create', branch)
      const head = await clone.commit(files, '--message', message)
      await clone.git('push', '--quiet', 'origin', branch)
      return head
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

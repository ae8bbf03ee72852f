import { setTimeout as pause } from 'node:timers/promises'
import { requestFile } from '../app/sandbox/demo/stage.ts'
import type { Person } from '../app/sandbox/person.ts'
import type { World } from '../app/sandbox/world.ts'

export type Ask = {
  readonly repository: string
  /** Commit that the branch starts from, and its tree. */
  readonly base: { readonly commit: string; readonly tree: string }
  readonly requester: Person
  readonly approver: Person
  readonly name: string
  readonly duration: string
  /** Whether a check run has to pass before the merge. */
  readonly checked: boolean
}

/** Where branches of a repository start: its main branch as it is now. */
export const baseOf = async (
  { people }: World,
  repository: string,
): Promise<Pick<Ask, 'repository' | 'base'>> => {
  const { body } = await people.erin.api('GET', `/repos/${repository}/commits/main`)
  const { sha, commit } = body as { sha: string; commit: { tree: { sha: string } } }
  return { repository, base: { commit: sha, tree: commit.tree.sha } }
}

const patienceMs = 300_000

/** Counts what people ask of GitHub, so that it can be told from what gitsudo asks. */
export const createClient = () => {
  const counts = { reads: 0, writes: 0 }
  let waiting = 0
  const call = async (person: Person, method: string, path: string, body?: unknown) => {
    if (method === 'GET') counts.reads++
    else counts.writes++
    const answer = await person.api(method, path, body)
    if (answer.status >= 300) {
      throw new Error(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`)
    }
    return answer.body as Record<string, unknown>
  }

  const passed = async (ask: Ask, sha: string): Promise<boolean> => {
    const path = `/repos/${ask.repository}/commits/${sha}/check-runs`
    const { check_runs: runs } = await call(ask.requester, 'GET', path)
    return (runs as readonly { conclusion: string | null }[]).some(
      ({ conclusion }) => conclusion === 'success',
    )
  }

  return {
    counts,
    /** Branch, file, pull request, review, merge, as people do it, over REST: a `git push` each would cost more than all else. */
    async lifecycle(ask: Ask): Promise<{ readonly pull: number; readonly mergedAt: number }> {
      const repo = `/repos/${ask.repository}`
      const { requester, approver, base } = ask
      const content = requestFile({
        requester: requester.login,
        provider: 'mock',
        role: 'dev-admin',
        scope: '"345678901234"',
        duration: ask.duration,
        reason: ask.name,
      })
      const path = `requests/2026/12/${ask.name}.yaml`
      const entry = { path, mode: '100644', type: 'blob' }
      const blob = await call(requester, 'POST', `${repo}/git/blobs`, { content, encoding: 'utf-8' })
      const tree = await call(requester, 'POST', `${repo}/git/trees`, {
        base_tree: base.tree,
        tree: [{ ...entry, sha: blob.sha }],
      })
      const commit = await call(requester, 'POST', `${repo}/git/commits`, {
        message: `Ask for ${ask.name}`,
        tree: tree.sha,
        parents: [base.commit],
      })
      await call(requester, 'POST', `${repo}/git/refs`, { ref: `refs/heads/${ask.name}`, sha: commit.sha })
      const opened = await call(requester, 'POST', `${repo}/pulls`, {
        title: ask.name,
        head: ask.name,
        base: 'main',
      })
      const pull = Number(opened.number)
      await call(approver, 'POST', `${repo}/pulls/${pull}/reviews`, { event: 'APPROVE', body: '' })
      const end = Date.now() + patienceMs
      waiting++
      while (ask.checked && !(await passed(ask, String(commit.sha)))) {
        if (Date.now() > end)
          throw new Error(`no check passed on pull request #${pull} within ${patienceMs / 1000} s`)
        // All of them together ask 32 times a second at most: who is late must not be made later by being asked.
        await pause(Math.max(250, (waiting * 1000) / 32))
      }
      waiting--
      await call(requester, 'PUT', `${repo}/pulls/${pull}/merge`, { merge_method: 'merge' })
      return { pull, mergedAt: Date.now() }
    },
  }
}

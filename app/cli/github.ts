import { Octokit } from '@octokit/rest'
import type { CliDeps } from './deps.ts'
import { Failure } from './failure.ts'

export type PullOrder = {
  /** `owner/name`. */
  readonly repository: string
  readonly base: string
  readonly branch: string
  readonly path: string
  readonly content: string
  readonly title: string
  readonly body: string
  /** The blob of the file that is there. */
  readonly replaces?: string
}

/** What the command line does on GitHub, as the user whose token it has. Throws `Failure` in GitHub's words. */
export type GitHubAsUser = {
  /** What a branch holds at a path; undefined: nothing. */
  file(
    repository: string,
    branch: string,
    path: string,
  ): Promise<{ readonly text: string; readonly sha: string } | undefined>
  /** The file on a new branch off `base`, and a pull request for it; the branch goes again if that fails. */
  openPull(order: PullOrder): Promise<{ readonly number: number; readonly url: string }>
  /** A review of exactly this commit. */
  review(review: {
    readonly repository: string
    readonly pull: number
    readonly commit: string
    readonly event: 'APPROVE' | 'REQUEST_CHANGES'
    readonly body: string
  }): Promise<void>
}

export function githubAsUser(
  deps: Pick<CliDeps, 'fetch' | 'version'>,
  apiUrl: string,
  token: string,
): GitHubAsUser {
  const octokit = octokitOf(deps, apiUrl, token)
  const at = (repository: string) => {
    const [owner = '', repo = ''] = repository.split('/')
    return { owner, repo }
  }

  return {
    async file(repository, ref, path) {
      const found = await asked(
        repository,
        octokit.repos.getContent({ ...at(repository), ref, path }).catch((error: unknown) => {
          if (error instanceof Error && 'status' in error && error.status === 404) return undefined
          throw error
        }),
      )
      if (found === undefined || Array.isArray(found.data) || found.data.type !== 'file') return undefined
      return { text: Buffer.from(found.data.content, 'base64').toString(), sha: found.data.sha }
    },

    async openPull({ repository, base, branch, path, content, title, body, replaces }) {
      const where = at(repository)
      const tip = await asked(repository, octokit.git.getRef({ ...where, ref: `heads/${base}` }))
      await asked(
        repository,
        octokit.git.createRef({ ...where, ref: `refs/heads/${branch}`, sha: tip.data.object.sha }),
      )
      try {
        const file = {
          path,
          branch,
          message: title,
          content: Buffer.from(content).toString('base64'),
          ...(replaces === undefined ? {} : { sha: replaces }),
        }
        await asked(repository, octokit.repos.createOrUpdateFileContents({ ...where, ...file }))
        const pull = await asked(
          repository,
          octokit.pulls.create({ ...where, title, body, head: branch, base }),
        )
        return { number: pull.data.number, url: pull.data.html_url }
      } catch (error) {
        await octokit.git.deleteRef({ ...where, ref: `heads/${branch}` }).catch((cause: unknown) => {
          if (!(error instanceof Failure)) throw error
          const { kind, message } = error
          throw new Failure(
            kind,
            `${message} The branch ${branch} could not be removed again.`,
            `remove it: git push origin --delete ${branch}`,
            { cause: new AggregateError([error, cause]) },
          )
        })
        throw error
      }
    },

    async review({ repository, pull, commit, event, body }) {
      await asked(
        repository,
        octokit.pulls.createReview({ ...at(repository), pull_number: pull, commit_id: commit, event, body }),
      )
    },
  }
}

/** GitHub's API with this token. Silent: lines of its own on standard error would only repeat what `Failure` says. */
export const octokitOf = (
  { fetch, version }: Pick<CliDeps, 'fetch' | 'version'>,
  apiUrl: string,
  token: string,
): Octokit =>
  new Octokit({
    auth: token,
    baseUrl: apiUrl,
    userAgent: `gitsudo/${version}`,
    request: { fetch },
    log: { debug: silent, info: silent, warn: silent, error: silent },
  })
const silent = () => undefined

/** GitHub's answer, or a `Failure` in its words. */
export async function asked<T>(repository: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (cause) {
    throw failureOf(repository, cause)
  }
}

function failureOf(repository: string, cause: unknown): Failure {
  const status =
    cause instanceof Error && 'status' in cause && typeof cause.status === 'number' ? cause.status : 500
  const message =
    cause instanceof Error ? (cause.message.split(' - https://')[0] ?? cause.message) : String(cause)
  if (status >= 500 || status === 429)
    return new Failure('unknown', `GitHub did not answer: ${message}`, 'try again in a minute', { cause })
  if (status === 401)
    return new Failure(
      'refused',
      'GitHub does not accept this token.',
      'get a new one with gitsudo login, or set GITSUDO_TOKEN',
      { cause },
    )
  if (status === 404)
    return new Failure(
      'refused',
      `You may not do this in ${repository}, or it is not there.`,
      'you need write permission in the repository',
      { cause },
    )
  const hint = status === 403 ? `you need write permission in ${repository}` : undefined
  return new Failure('refused', `GitHub says no: ${message}`, hint, { cause })
}

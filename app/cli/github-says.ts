import { receiptsIn } from '../audit/receipt.ts'
import { canonicalPath } from '../request/path.ts'
import type { CliDeps, GitHubSays } from './deps.ts'
import { asked, octokitOf } from './github.ts'

/** By which gitsudo's own comments are known (reconcile/publish/comment.ts), where gitsudo's App wrote them by itself. */
const mark = '<!-- gitsudo:'

/** Merged pull requests and the receipts in comments, as GitHub has them now. Throws `Failure`. */
export async function githubSays(
  deps: Pick<CliDeps, 'fetch' | 'version'>,
  {
    apiUrl,
    token,
    repository,
    branch,
    app,
  }: {
    readonly apiUrl: string
    readonly token: string
    readonly repository: string
    /** The one whose merges grant; undefined: GitHub's default branch. */
    readonly branch: string | undefined
    /** gitsudo's App, where it is known. */
    readonly app?: number
  },
): Promise<GitHubSays> {
  const octokit = octokitOf(deps, apiUrl, token)
  const [owner = '', repo = ''] = repository.split('/')
  const where = { owner, repo, per_page: 100 }
  const { data } = await asked(repository, octokit.repos.get({ owner, repo }))
  const merged = await asked(
    repository,
    // Of each page only what is compared is kept: there are as many words as people have ever written.
    octokit.paginate(
      octokit.pulls.list,
      { ...where, state: 'closed', base: branch ?? data.default_branch },
      ({ data: page }) =>
        page.flatMap(({ number, merged_at: at }) =>
          at === null ? [] : [{ number, at: new Date(at).toISOString() }],
        ),
    ),
  )
  const others = new Map<string, number>()
  const receipts = await asked(
    repository,
    octokit.paginate(octokit.issues.listCommentsForRepo, where, ({ data: page }) =>
      page.flatMap(({ body, user, issue_url: of, performed_via_github_app: by }) => {
        // Any workflow comments as a bot, and a person through any App as himself.
        if (user?.type !== 'Bot' || !body?.startsWith(mark)) return []
        const said = receiptsIn(Number(of.slice(of.lastIndexOf('/') + 1)), body)
        if (app !== undefined && by?.id === app) return said
        const name = by ? `${by.id} (${by.slug})` : user.login
        if (said.length > 0) others.set(name, (others.get(name) ?? 0) + said.length)
        return []
      }),
    ),
  )
  return {
    repository: data.id,
    merged,
    ...(app !== undefined && { app }),
    receipts,
    others: [...others].map(([app, receipts]) => ({ app, receipts })),
    async addsRequests(pull) {
      const files = await asked(
        repository,
        octokit.paginate(octokit.pulls.listFiles, { ...where, pull_number: pull }),
      )
      if (files.some(({ filename, status }) => arrives.has(status) && canonicalPath(filename).ok)) return true
      return files.length < mostFiles ? false : undefined
    },
  }
}

/** GitHub lists no more of a pull request. */
const mostFiles = 3_000

/** How GitHub calls a file that was not at its path before. */
const arrives: ReadonlySet<string> = new Set(['added', 'renamed', 'copied'])

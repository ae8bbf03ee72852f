import { z } from 'zod'

/**
 * What gitsudo reads of GitHub's webhook bodies (docs.github.com, "Webhook events and payloads"); everything
 * else in them is let through unread.
 */
const id = z.int().positive()
const sha = z.string().regex(/^[0-9a-f]{40}$/)
const instant = z.iso.datetime({ offset: true })
const account = z.object({ id, login: z.string().min(1), type: z.string() })
const repository = z.object({ id, full_name: z.string() })
/** null: the account is gone. */
const maybeAccount = account.nullish()

const pullRequest = z.object({
  action: z.string(),
  number: id,
  pull_request: z.object({
    number: id,
    updated_at: instant,
    head: z.object({ sha }),
    base: z.object({ ref: z.string(), sha }),
    merged: z.boolean().nullish(),
  }),
  repository,
  sender: account,
})

const review = z.object({
  action: z.string(),
  review: z.object({
    id,
    commit_id: sha.nullable(),
    state: z.string(),
    user: maybeAccount,
    submitted_at: instant.nullish(),
  }),
  pull_request: z.object({ number: id }),
  repository,
})

const push = z.object({
  ref: z.string().startsWith('refs/'),
  before: sha,
  after: sha,
  repository,
  /** A deploy key has no account. */
  sender: maybeAccount,
})

const comment = z.object({
  action: z.string(),
  issue: z.object({ number: id, pull_request: z.object({}).nullish() }),
  comment: z.object({ id, body: z.string(), created_at: instant, user: maybeAccount }),
  repository,
})

const pulls = z.array(z.object({ number: id })).default([])
const checkRun = z.object({
  action: z.string(),
  check_run: z.object({
    external_id: z.string().nullish(),
    pull_requests: pulls,
    check_suite: z.object({ head_branch: z.string().nullish() }).nullish(),
  }),
  repository,
})
const checkSuite = z.object({
  action: z.string(),
  check_suite: z.object({ pull_requests: pulls, head_branch: z.string().nullish() }),
  repository,
})

const mergeGroup = z.object({
  action: z.string(),
  merge_group: z.object({
    head_sha: sha,
    head_ref: z.string().startsWith('refs/heads/'),
    base_sha: sha,
    base_ref: z.string().startsWith('refs/heads/'),
  }),
  repository,
})

const installation = z.object({
  action: z.string(),
  installation: z.object({ id }),
  repositories_removed: z.array(z.object({ id })).optional(),
})
const repositoryChange = z.object({ action: z.string(), repository })

export const shapes = {
  pull_request: pullRequest,
  pull_request_review: review,
  push,
  issue_comment: comment,
  check_run: checkRun,
  check_suite: checkSuite,
  merge_group: mergeGroup,
  installation,
  installation_repositories: installation,
  repository: repositoryChange,
} as const
export type EventName = keyof typeof shapes

/**
 * Which event a body is of, by what only that event's bodies hold: the event's name is a header outside the
 * HMAC (trust.md 2.10). undefined: none that carries a meaning here.
 */
export function eventOf(body: unknown): EventName | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  const has = (name: string) => name in body
  if (has('review')) return has('pull_request') ? 'pull_request_review' : undefined
  if (has('comment')) return has('issue') ? 'issue_comment' : undefined
  if (has('pull_request')) return has('number') ? 'pull_request' : undefined
  if (has('check_run')) return 'check_run'
  if (has('check_suite')) return 'check_suite'
  if (has('merge_group')) return 'merge_group'
  if (has('ref') && has('before') && has('after')) return 'push'
  return undefined
}

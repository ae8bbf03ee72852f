/** Webhook bodies in GitHub's shapes, as far as anything here reads them. */
export const sha = 'a'.repeat(40)
export const repository = { id: 7, full_name: 'acme/access', name: 'access' }
export const alice = { id: 11, login: 'alice', type: 'User' }
export const bob = { id: 12, login: 'bob', type: 'User' }
const at = '2026-01-05T10:00:00Z'

export const pullRequest = (action: string, more: object = {}) => ({
  action,
  number: 5,
  pull_request: {
    number: 5,
    updated_at: at,
    head: { sha, ref: 'topic' },
    base: { sha: 'b'.repeat(40), ref: 'main' },
    merged: false,
    ...more,
  },
  repository,
  sender: alice,
})
export const review = (action = 'submitted', more: object = {}) => ({
  action,
  review: { id: 31, commit_id: sha, state: 'approved', user: bob, submitted_at: at, ...more },
  pull_request: { number: 5 },
  repository,
  sender: bob,
})
export const push = (ref = 'refs/heads/main', more: object = {}) => ({
  ref,
  before: '0'.repeat(40),
  after: sha,
  commits: [],
  repository,
  sender: alice,
  ...more,
})
export const comment = (body: string, issue: object = { pull_request: { url: '' } }) => ({
  action: 'created',
  issue: { number: 5, ...issue },
  comment: { id: 41, body, created_at: at, user: alice },
  repository,
  sender: alice,
})
export const group = 'refs/heads/gh-readonly-queue/main/pr-5-aaaa'
export const mergeGroup = (action = 'checks_requested', more: object = {}) => ({
  action,
  merge_group: {
    head_sha: sha,
    head_ref: group,
    base_sha: 'b'.repeat(40),
    base_ref: 'refs/heads/main',
    head_commit: { id: sha },
    ...more,
  },
  repository,
  sender: alice,
})
export const checkRun = (action: string, more: object = {}) => ({
  action,
  check_run: { id: 51, external_id: 'gitsudo:7:5', pull_requests: [], ...more },
  repository,
  sender: alice,
})
export const checkSuite = (action: string) => ({
  action,
  check_suite: { id: 61, pull_requests: [{ number: 5 }, { number: 6 }] },
  repository,
  sender: alice,
})

/** What the App may do, and why. Nothing else is asked for. */
export const permissions = {
  contents: {
    level: 'write',
    why: 'fetch requests and policies; merge where `merge: auto`; anchor the ledger',
  },
  pull_requests: { level: 'write', why: 'read pull requests and reviews, ask reviewers, close what lapsed' },
  checks: { level: 'write', why: 'the check run `gitsudo`' },
  issues: { level: 'write', why: 'the one comment' },
  members: { level: 'read', why: 'team-backed approver groups' },
  merge_queues: { level: 'read', why: 'be told of merge groups, where the branch has a merge queue' },
  administration: { level: 'read', why: 'see whether branch protection requires the check' },
  metadata: { level: 'read', why: 'every App has it' },
} as const

/** What the App is told of. Events about its installations come unasked. */
export const events = [
  'check_run',
  'check_suite',
  'issue_comment',
  'merge_group',
  'pull_request',
  'pull_request_review',
  'push',
  'repository',
] as const

export type ManifestOptions = {
  readonly name: string
  /** The service's public page or repository. */
  readonly url: string
  /** Where GitHub delivers: the service's address with `/webhooks/github`. */
  readonly webhookUrl: string
  /** Where GitHub sends the browser back with the code that is good for the App's keys, once, for an hour. */
  readonly redirectUrl?: string
}

/** The body of GitHub's manifest flow (docs.github.com, "Registering a GitHub App from a manifest"). */
export const appManifest = (options: ManifestOptions) => ({
  name: options.name,
  url: options.url,
  hook_attributes: { url: options.webhookUrl, active: true },
  ...(options.redirectUrl === undefined ? {} : { redirect_url: options.redirectUrl }),
  public: false,
  default_permissions: Object.fromEntries(
    Object.entries(permissions).map(([name, { level }]) => [name, level]),
  ),
  default_events: [...events],
})

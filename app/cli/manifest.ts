/** GitHub's App manifest (GitHub docs, "Registering a GitHub App from a manifest"): permissions as the README gives their reasons. */
export function appManifest(url: string): Readonly<Record<string, unknown>> {
  return {
    name: 'gitsudo',
    url: 'https://gitsudo.dev',
    hook_attributes: { url: `${url.replace(/\/+$/, '')}/webhooks/github`, active: true },
    public: false,
    default_permissions: {
      contents: 'write',
      pull_requests: 'write',
      checks: 'write',
      issues: 'write',
      members: 'read',
      administration: 'read',
      metadata: 'read',
    },
    default_events: [
      'pull_request',
      'pull_request_review',
      'push',
      'issue_comment',
      'check_run',
      'membership',
      'team',
      'repository',
    ],
  }
}

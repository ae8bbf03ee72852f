import type { PolicyQuestion, PolicyUser } from '../../app/reconcile/ports/evaluator.ts'

export const dave: PolicyUser = {
  id: 1004,
  login: 'dave',
  email: 'dave@example.com',
  groups: ['developers'],
  trustTier: 2,
}
export const alice: PolicyUser = {
  id: 1001,
  login: 'alice',
  email: 'alice@example.com',
  groups: ['sre', 'platform'],
  trustTier: 3,
}

/** A Sunday night: the default policies must not care. */
export const sundayNight = 1_796_527_800_123

/** `requester` asks for half an hour of prod-infra-admin, `change` says what is different. */
export const ask = (
  requester: PolicyUser,
  request: Partial<PolicyQuestion['request']> = {},
  change: Partial<PolicyQuestion> = {},
): PolicyQuestion => ({
  requester,
  author: requester,
  request: {
    id: 'req_7WWF4X1CK9J9FE6ZDNYBQNE8YV',
    requester: requester.login,
    provider: 'mock',
    role: 'prod-infra-admin',
    scope: '123456789012',
    durationSeconds: 1800,
    reason: 'INC-4421',
    breakGlass: false,
    metadata: {},
    ...request,
  },
  now: sundayNight,
  repository: 'example/access',
  pull: 7,
  activeGrants: [],
  queuedGrants: [],
  reviewers: [],
  ...change,
})

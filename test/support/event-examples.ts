import type { Actor, EventType, Json, LedgerEvent } from '../../app/audit/event.ts'

const gitsudo: Actor = { kind: 'app', id: 'gitsudo' }
const alice: Actor = { kind: 'user', id: '1001', login: 'alice' }
const bob: Actor = { kind: 'user', id: '1002', login: 'bob' }
const at = '2026-12-01T00:00:00.000Z'
const digest = 'd'.repeat(64)
const sha = 'c'.repeat(40)
const sig = { key: 'k1', value: `${'A'.repeat(86)}==` }
const people = [{ id: 1002, login: 'bob' }]
const path = 'requests/2026/12/alice-prod.yaml'
const asks = ['group sre ×1']

const asked = { policy: 'roles', input: digest, wasm: digest, data: digest }
const failed = { kind: 'error', why: 'it divides by zero' }
const decision = {
  path,
  blob: sha,
  moment: 'merge',
  decided_at: at,
  verdict: 'passed',
  summary: 'approved by bob',
  policy_commit: sha,
  approved_by: people,
  asked: { requester: 'alice', provider: 'mock', role: 'db-read', scope: 'orders', reason: 'INC-4421' },
  terms: { tier: 'human', asks, met: true },
  revoked: { by: 'carol', why: 'comment' },
  facts: digest,
  result: digest,
  evaluations: [
    {
      ...asked,
      type: 'eligibility',
      outcome: {
        kind: 'value',
        allow: true,
        reason: 'on call',
        deny: [],
        allowBreakGlass: false,
        allowOnBehalfOf: false,
      },
    },
    {
      ...asked,
      type: 'approval',
      outcome: {
        kind: 'value',
        applies: true,
        tier: 'human',
        required: [
          { group: 'sre', count: 1, reason: '' },
          { users: ['bob'], count: 1, reason: 'its owner' },
        ],
        approverGroup: 'sre',
        deny: ['not on Fridays'],
      },
    },
    { ...asked, type: 'approval', reviewer: 1002, outcome: { kind: 'value', allow: true } },
    { ...asked, type: 'eligibility', outcome: failed },
    { ...asked, type: 'approval', outcome: failed },
    { ...asked, type: 'approval', reviewer: 1002, outcome: failed },
  ],
  overridden: ['business-hours'],
  evidence: [digest],
}
const terms = {
  path,
  blob: sha,
  requester: { id: 1001, login: 'alice' },
  principal: 'alice@example.com',
  provider: 'mock',
  role: 'db-read',
  cloud_role: 'db-read',
  scope: 'orders',
  reason: 'INC-4421',
  metadata: { team: 'orders' },
  starts_at: at,
}
const why = 'because'
const verdict = {
  why,
  changed: ['policies/roles.rego'],
  previous: sha,
  head: sha,
  tree: sha,
  approved_by: people,
  decided_at: at,
  facts: digest,
  result: digest,
  evidence: [digest],
  sig,
}

const anchor = { size: 12, root: digest, head: digest, branch: 'gitsudo-ledger', sig }

type Data = Readonly<Record<string, Json>>

/** Every shape that each type's data takes, the fullest one first. */
const examples: Readonly<Record<EventType, readonly [Actor, Data, ...Data[]]>> = {
  'request.created': [
    alice,
    {
      path,
      blob: sha,
      requester: 'alice',
      provider: 'mock',
      role: 'db-read',
      scope: 'orders',
      duration_seconds: 3600,
      reason: 'INC-4421',
    },
    {
      path,
      blob: sha,
      requester: null,
      provider: null,
      role: null,
      scope: null,
      duration_seconds: null,
      reason: null,
    },
  ],
  'request.evaluated': [gitsudo, { ...decision, sig }],
  'request.approved': [gitsudo, decision],
  'request.denied': [bob, { ...decision, verdict: 'denied', terms: null, policy_commit: null }],
  'request.cancelled': [gitsudo, { path, why: 'closed unmerged' }],
  'request.lapsed': [gitsudo, { path, opened_at: at }],
  'grant.scheduled': [gitsudo, { ...terms, duration_ms: 3_600_000, sig }],
  'grant.intended': [
    gitsudo,
    { ...terms, ends_at: at, sig },
    { ...terms, chain: true, auto: true, configured: { mode: 'pim' }, ends_at: at, sig },
  ],
  'grant.observed': [gitsudo, { place: 'a-user', sig }],
  'grant.issued': [
    gitsudo,
    { handle: 'mock/1', ends_at: at, sig },
    { handle: 'mock/1', without: ['sts:TagSession'], ends_at: at, sig },
  ],
  'grant.refused': [bob, { ...decision, why }, { why, sig }, { path, blob: sha, why }, { path, why }],
  'grant.failed': [gitsudo, { why, sig }],
  'grant.revoke_intended': [alice, { why, sig }],
  'grant.expired': [gitsudo, { cause: 'expired', gone_at: at, sig }],
  'grant.revoked': [
    gitsudo,
    { cause: 'revoked externally', gone_at: at, kept_for: [`req_${'0'.repeat(26)}`], sig },
    { cause: 'revoked', gone_at: at, may_last_until: at, sig },
  ],
  'grant.quarantined': [gitsudo, { why, sig }],
  'grant.drift': [
    gitsudo,
    { why, finding: 'orphan', provider: 'mock', handle: 'mock/1', gone: false, sig },
    { why, sig },
  ],
  'credentials.issued': [alice, { session: 's-1', not_after: at, sig }],
  'breakglass.invoked': [
    alice,
    {
      ...decision,
      break_glass: true,
      reason: 'INC-4421',
      offline: false,
      authenticated_by: [{ id: 1001, login: 'alice' }],
      review_by: at,
      reviewers: asks,
      sig,
    },
  ],
  'breakglass.reviewed': [bob, { verdict: 'justified', why, issue: 9, overdue: false, sig }],
  'policy.accepted': [bob, verdict],
  'policy.refused': [
    gitsudo,
    { ...verdict, tree: null },
    { why, changed: ['policies/roles.rego'], previous: sha, sig },
  ],
  'policy.loaded': [
    gitsudo,
    { data: digest, policies: [{ name: 'roles', type: 'eligibility', wasm: digest }], sig },
  ],
  'policy.overridden': [
    alice,
    { policy: 'roles', phase: 'asked', seconds: 3600, sig },
    { policy: 'roles', phase: 'started', until: at, by: people, sig },
    { policy: 'roles', phase: 'ended', until: at, by: [], sig },
  ],
  'notification.failed': [gitsudo, { channel: 'slack', notice: 'grant.drift', seq: 7, tries: 8, why, sig }],
  'database.changed': [
    { kind: 'database', id: 'postgres' },
    {
      change: 1,
      table: 'policies',
      operation: 'update',
      row: '1/roles',
      before: '{"enabled": true}',
      after: '{"enabled": false}',
      client: '10.0.0.7',
      application: 'psql',
    },
    {
      change: 2,
      table: 'grants',
      operation: 'truncate',
      row: '*',
      before: null,
      after: null,
      client: null,
      application: null,
    },
    {
      table: 'audit_events',
      operation: 'insert',
      row: '61-63',
      before: '1'.repeat(64),
      after: '2'.repeat(64),
      client: null,
      application: null,
      sig,
    },
  ],
  'ledger.anchored': [gitsudo, anchor],
  'ledger.restored': [{ kind: 'system', id: 'acknowledge-restore' }, anchor],
}

const id = (n: number) => `req_${String(n).padStart(26, '0')}`

/** An event of each shape that a type has, the `n`th of its kind; the fullest one first. */
export const exampleEvents = (type: EventType, n = 1): readonly [LedgerEvent, ...LedgerEvent[]] => {
  const [actor, fullest, ...others] = examples[type]
  const event = (data: Data): LedgerEvent => ({
    v: 1,
    type,
    at: new Date(Date.parse(at) + n).toISOString(),
    actor,
    request: id(n),
    ...(/^(grant|credentials|breakglass)\./.test(type) ? { grant: id(n) } : {}),
    repo: 123456,
    pull: 7,
    commit: sha,
    data,
  })
  return [event(fullest), ...others.map(event)]
}

import { decide } from '../../app/decision/decide.ts'
import type { Decision, RuleNode, Verdict } from '../../app/decision/decision.ts'
import type { Facts, PersonFact, PolicyFacts, RequestFacts, ReviewFact } from '../../app/decision/facts.ts'
import type {
  ApprovalResult,
  ApprovalValue,
  EligibilityResult,
  EligibilityValue,
} from '../../app/policy/result.ts'
import type { AccessRequest } from '../../app/request/request.ts'

export const now = 1_700_000_000_000
export const minute = 60_000
export const hour = 60 * minute
export const blob = 'b'.repeat(40)
export const head = 'a'.repeat(40)
export const path = 'requests/2026/12/alice-prod.yaml'

export const alice: PersonFact = { id: 1, login: 'alice' }
export const bob: PersonFact = { id: 2, login: 'bob' }
export const carol: PersonFact = { id: 3, login: 'carol' }
export const dave: PersonFact = { id: 4, login: 'dave' }
export const mallory: PersonFact = { id: 9, login: 'mallory' }

export const access: AccessRequest = {
  requester: 'alice',
  provider: 'aws',
  role: 'prod-infra-admin',
  scope: '123456789012',
  durationSeconds: 7200,
  reason: 'INC-4421 ECS tasks crash-looping',
  breakGlass: false,
  metadata: {},
}

const digests = { input: '1', wasm: '2', data: '3' }
export const eligibility = (policy: string, value: Partial<EligibilityValue> = {}): EligibilityResult => ({
  policy,
  digests,
  outcome: {
    kind: 'value',
    allow: true,
    reason: 'on call',
    deny: [],
    allowBreakGlass: false,
    allowOnBehalfOf: false,
    ...value,
  },
})
export const approval = (
  policy: string,
  value: Partial<ApprovalValue> = {},
  reviewers: ApprovalResult['reviewers'] = [],
): ApprovalResult => ({
  policy,
  digests,
  outcome: { kind: 'value', applies: true, tier: 'human', deny: [], ...value },
  reviewers,
})
export const failing = <T extends EligibilityResult | ApprovalResult>(
  result: T,
  kind: 'error' | 'trouble',
): T => ({
  ...result,
  outcome: { kind, why: 'it broke' },
})
export const group = (name: string, count = 1) => ({ group: name, count, reason: '' })
export const users = (...logins: string[]) => ({ users: logins, count: 1, reason: '' })
export const says = (person: PersonFact, allow: boolean) => ({
  reviewerId: person.id,
  login: person.login,
  digests,
  outcome: { kind: 'value' as const, allow },
})

export const policies: PolicyFacts = {
  eligibility: [eligibility('default')],
  approval: [approval('production', { required: [group('sre')] })],
  hints: [],
  groups: [
    { name: 'sre', members: [alice, bob, carol] },
    { name: 'security', members: [carol, dave] },
    { name: 'nobody', members: [] },
    { name: 'ghosts', unknown: 'no such team' },
  ],
  users: [
    { login: 'carol', person: carol },
    { login: 'dave', person: dave },
    { login: 'ghost', unknown: 'identities.yaml has no ghost' },
  ],
}

export const request: RequestFacts = {
  id: 'req_7WWF4X1CK9J9FE6ZDNYBQNE8YV',
  path,
  blob,
  read: { ok: true, request: access },
  usedUp: false,
  requester: { person: alice, principals: ['aws:alice'], principal: 'alice' },
  role: {
    provider: 'aws',
    role: 'prod-infra-admin',
    cloudRole: 'PowerUser',
    scopes: ['123456789012'],
    maxDurationSeconds: 14_400,
  },
  policies,
}

/** What a cloud has against a request. */
export const full = { needed: 'room for one more', had: 'it is full', remedy: 'make room' }

let reviews = 0
/** A review with its payload, of the request's bytes as they are, unless it says otherwise. */
export const review = (
  reviewer: PersonFact,
  state: ReviewFact['state'] = 'approved',
  more: Partial<ReviewFact> = {},
): ReviewFact => {
  reviews += 1
  return {
    id: reviews,
    reviewer: { ...reviewer, type: 'User' },
    state,
    submittedAt: now - 10 * minute,
    payload: { commit: head, state: state === 'dismissed' ? 'approved' : state },
    blobs: { [path]: blob },
    permission: 'write',
    principals: [],
    ...more,
  }
}
export const unheard = (reviewer: PersonFact, state: ReviewFact['state'] = 'approved'): ReviewFact => {
  const { payload: _, ...rest } = review(reviewer, state)
  return { ...rest, blobs: {} }
}

/** An open pull request with one request of alice's that bob approved: it passes. */
export const open: Facts = {
  now,
  moment: 'forecast',
  repository: {
    id: 100,
    fullName: 'acme/access',
    branch: 'main',
    providers: ['aws'],
    scopes: ['*'],
    reviewerPermission: 'write',
    grantWindowMs: hour,
  },
  pull: {
    number: 7,
    author: alice,
    authorIsUser: true,
    base: 'main',
    headSha: head,
    fromFork: false,
    draft: false,
    state: 'open',
  },
  policy: { commit: 'c'.repeat(40) },
  changes: [{ path, kind: 'added', mode: '100644' }],
  requests: [request],
  reviews: [review(bob)],
  contributors: [{ as: 'author', person: alice }],
  troubles: [],
}

/** The same, merged a minute ago. */
export const merged: Facts = {
  ...open,
  moment: 'merge',
  pull: {
    ...open.pull,
    state: 'closed',
    merged: { at: now - minute, commit: 'd'.repeat(40), onBranch: true },
  },
  requests: [{ ...request, mergedBlob: blob, branchBlob: blob }],
}

export type Patch = {
  readonly facts?: Partial<Facts>
  readonly pull?: Partial<Facts['pull']>
  readonly repository?: Partial<Facts['repository']>
  readonly request?: Partial<RequestFacts>
  readonly access?: Partial<AccessRequest>
  readonly policies?: Partial<PolicyFacts>
  /** Keys of the request's facts that are not there. */
  readonly without?: readonly (keyof RequestFacts)[]
}

export const patched = (base: Facts, patch: Patch): Facts => {
  const [first = request, ...rest] = base.requests
  const read =
    patch.access === undefined || !first.read.ok
      ? first.read
      : { ok: true as const, request: { ...first.read.request, ...patch.access } }
  const told = patch.policies === undefined ? {} : { policies: { ...policies, ...patch.policies } }
  const mine = Object.fromEntries(
    Object.entries({ ...first, read, ...told, ...patch.request }).filter(
      ([key]) => !(patch.without ?? []).some((one) => one === key),
    ),
  ) as RequestFacts
  return {
    ...base,
    pull: { ...base.pull, ...patch.pull },
    repository: { ...base.repository, ...patch.repository },
    requests: [mine, ...rest],
    ...patch.facts,
  }
}

export type Case = {
  readonly name: string
  readonly patch: Patch
  readonly verdict: Verdict
  /** The rule that decided; for `passed`, nothing. */
  readonly rule?: string
  /** What the summary says. */
  readonly summary?: string | RegExp
}

/** Rules without children that stand in the way. */
export const deciders = (decision: Decision): readonly string[] => {
  const outcomes = {
    passed: [],
    denied: ['unmet', 'waiting'],
    not_yet: ['unknown'],
    action_required: ['waiting'],
  }[decision.verdict] as readonly string[]
  const walk = (node: RuleNode): readonly string[] =>
    !outcomes.includes(node.outcome)
      ? []
      : node.had === ''
        ? node.children.flatMap(walk)
        : [node.rule, ...node.children.flatMap(walk)]
  return [...new Set([decision.tree, ...decision.requests.map(({ tree }) => tree)].flatMap(walk))]
}

export const outcomeOf = (base: Facts, { patch }: Case) => {
  const decision = decide(patched(base, patch))
  return { verdict: decision.verdict, rules: deciders(decision), summary: decision.summary, decision }
}

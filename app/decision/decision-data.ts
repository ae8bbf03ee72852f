import { digestOf } from '../audit/digest.ts'
import type { Json } from '../audit/event.ts'
import type { EvaluationDigests } from '../policy/result.ts'
import { writeInstant } from '../request/instant.ts'
import { changedData } from './changed-data.ts'
import type { Decision, PolicyDecision, RequestDecision } from './decision.ts'
import type { PolicyFacts, RequestFacts } from './facts.ts'

type Data = Readonly<Record<string, Json>>

/**
 * What an event says of a decision on a request, with what lets it be replayed: blob, inputs, policy commit, wasm,
 * data and result by digest (audit.md).
 * @param grounds digest of what the decision was made of (grounds.ts)
 */
export const decisionData = (
  decision: Decision,
  request: RequestDecision,
  facts: RequestFacts | undefined,
  grounds: string,
): Data => {
  const evaluated = evaluationsOf(facts)
  return {
    path: request.path,
    blob: request.blob,
    moment: decision.moment,
    decided_at: writeInstant(decision.at),
    verdict: request.verdict,
    summary: request.summary,
    policy_commit: decision.policyCommit ?? null,
    approved_by: request.approvedBy.map(({ id, login }) => ({ id, login })),
    ...askedIn(facts),
    terms: request.terms ?? null,
    facts: grounds,
    result: digestOf(request),
    evaluations: evaluated,
    ...(facts?.overridden === undefined ? {} : { overridden: facts.overridden.map(({ policy }) => policy) }),
    ...(facts?.revoked === undefined ? {} : { revoked: { ...facts.revoked } }),
    evidence: [...new Set([grounds, ...evaluated.map(({ input }) => input)])].sort(),
  }
}

/** The file may have asked for something else when `request.created` told of it. */
const askedIn = (facts: RequestFacts | undefined): Data => {
  if (!facts?.read.ok) return {}
  const { requester, provider, role, scope, reason } = facts.read.request
  const login =
    facts.requester !== undefined && 'person' in facts.requester ? facts.requester.person.login : requester
  return { asked: { requester: login, provider, role, scope, reason } }
}

/** The same of a decision on a change of policies. */
export const policyDecisionData = (decision: Decision, policies: PolicyDecision, grounds: string): Data => ({
  why: decision.summary,
  head: decision.headSha,
  tree: policies.tree ?? null,
  previous: policies.accepted,
  ...changedData(policies.changed),
  approved_by: policies.approvedBy.map(({ id, login }) => ({ id, login })),
  decided_at: writeInstant(decision.at),
  facts: grounds,
  result: digestOf(decision),
  evidence: [grounds],
})

/** One question to one policy and its answer, as events tell it. */
export type Evaluation = EvaluationDigests & {
  readonly policy: string
  readonly type: 'eligibility' | 'approval'
  readonly reviewer?: number
  readonly outcome: Json
}

/** Every policy that was asked about a request, with and without those disabled by hand. */
const evaluationsOf = (facts: RequestFacts | undefined): readonly Evaluation[] => [
  ...evaluations(facts?.policies),
  ...evaluations(facts?.policiesToo),
]

const evaluations = (policies: PolicyFacts | undefined): readonly Evaluation[] => {
  if (policies === undefined) return []
  return [
    ...policies.eligibility.map(({ policy, digests, outcome }) => ({
      policy,
      type: 'eligibility' as const,
      ...digests,
      outcome: outcome as Json,
    })),
    ...policies.approval.flatMap(({ policy, digests, outcome, reviewers }) => [
      { policy, type: 'approval' as const, ...digests, outcome: outcome as Json },
      ...reviewers.map((one) => ({
        policy,
        type: 'approval' as const,
        reviewer: one.reviewerId,
        ...one.digests,
        outcome: one.outcome as Json,
      })),
    ]),
  ]
}

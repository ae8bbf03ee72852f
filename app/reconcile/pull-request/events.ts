import { digestOf } from '../../audit/digest.ts'
import type { Actor, EventType, Json, LedgerEvent } from '../../audit/event.ts'
import type { Decision, RequestDecision } from '../../decision/decision.ts'
import type { PolicyFacts, RequestFacts } from '../../decision/facts.ts'
import { gitsudo } from '../../grant/events.ts'
import type { EvaluationDigests } from '../../policy/result.ts'
import { writeInstant } from '../../request/instant.ts'
import type { Evidence } from '../ports/evaluator.ts'
import type { Keys } from '../ports/keys.ts'
import type { RequestRow } from '../ports/store.ts'

export const userActor = (person: { readonly id: number; readonly login: string }): Actor => ({
  kind: 'user',
  id: String(person.id),
  login: person.login,
})

/** An event about one request of a pull request, at a moment in epoch milliseconds. */
export const requestEvent = (
  type: EventType,
  at: number,
  actor: Actor,
  of: { readonly id: string; readonly repository: number; readonly pull: number; readonly commit: string },
  data: Readonly<Record<string, Json>>,
): LedgerEvent => ({
  v: 1,
  type,
  at: writeInstant(at),
  actor,
  request: of.id,
  repo: of.repository,
  pull: of.pull,
  commit: of.commit,
  data,
})

/** What a request asks for, as `request.created` says it. */
export const createdData = (row: RequestRow): Readonly<Record<string, Json>> => ({
  path: row.path,
  blob: row.blob,
  requester: row.requester?.login ?? null,
  provider: row.provider ?? null,
  role: row.role ?? null,
  scope: row.scope ?? null,
  duration_seconds: row.durationSeconds ?? null,
  reason: row.reason ?? null,
})

/** What lets a decision be replayed: blob, inputs, policy commit, wasm, data and result by digest (audit.md). */
export const decisionData = (
  decision: Decision,
  request: RequestDecision,
  facts: RequestFacts | undefined,
): Readonly<Record<string, Json>> => {
  const evaluated = [...evaluations(facts?.policies), ...evaluations(facts?.policiesToo)]
  return {
    ...decided(decision, request),
    evaluations: evaluated,
    ...(facts?.overridden === undefined ? {} : { overridden: facts.overridden.map(({ policy }) => policy) }),
    evidence: [...new Set(evaluated.map(({ input }) => input))],
  }
}

/**
 * `request.evaluated`, signed with all its evidence named: what was asked for then decides which reviews count
 * once the policies change (trust.md 1.9).
 */
export const evaluatedEvent = (
  keys: Pick<Keys, 'sign'>,
  at: number,
  of: Parameters<typeof requestEvent>[3],
  data: ReturnType<typeof decisionData>,
  evidence: readonly Evidence[],
): LedgerEvent => {
  const named = Array.isArray(data.evidence) ? data.evidence.map(String) : []
  const all = [...new Set([...named, ...evidence.map(({ digest }) => digest)])].sort()
  return keys.sign(requestEvent('request.evaluated', at, gitsudo, of, { ...data, evidence: all }))
}

const decided = (decision: Decision, request: RequestDecision): Readonly<Record<string, Json>> => ({
  path: request.path,
  blob: request.blob,
  moment: decision.moment,
  decided_at: writeInstant(decision.at),
  verdict: request.verdict,
  summary: request.summary,
  policy_commit: decision.policyCommit ?? null,
  approved_by: request.approvedBy.map(({ id, login }) => ({ id, login })),
  terms: request.terms ?? null,
  result: digestOf(request),
})

type Evaluation = EvaluationDigests & {
  readonly policy: string
  readonly type: 'eligibility' | 'approval'
  readonly reviewer?: number
  readonly outcome: Json
}

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

import { hash } from 'node:crypto'
import { canonicalBytes } from '../audit/canonical.ts'
import type { Directory } from '../identity/directory.ts'
import { policyData } from '../identity/policy-data.ts'
import type { Evidence, PolicyAnswer, PolicyQuestion, PolicySet } from '../reconcile/ports/evaluator.ts'
import { type CompiledPolicy, entrypointOf } from './compile.ts'
import type { EvaluationOutcome } from './evaluation.ts'
import { inTrouble, isEligible } from './fold.ts'
import { hintsOf, type Variation, variations } from './hints.ts'
import { policyInput } from './input.ts'
import type { EvaluatorPool } from './pool.ts'
import type {
  ApprovalResult,
  ApprovalValue,
  EligibilityResult,
  EligibilityValue,
  EvaluationDigests,
  EvaluationFailure,
  ReviewerResult,
} from './result.ts'
import type { Aspect } from './shape.ts'
import type { PolicySource } from './sources.ts'

export type LoadedPolicy = {
  readonly source: Pick<PolicySource, 'name' | 'path' | 'type' | 'root'>
  readonly compiled: CompiledPolicy
}

type Ran<T> = { readonly digests: EvaluationDigests; readonly outcome: T | EvaluationFailure }
type ValueOf = {
  eligibility: EligibilityValue
  approval: ApprovalValue
  reviewer: Extract<ReviewerResult['outcome'], { kind: 'value' }>
}

/** A policy set that can also be asked one policy at a time, for `policy eval` and `policy replay`. */
export type LoadedPolicySet = PolicySet & {
  readonly loaded: readonly LoadedPolicy[]
  readonly data: PolicyData
  /** `input`: JSON bytes. `now`: epoch ms that `time.*` answers. */
  run<A extends Aspect>(
    policy: LoadedPolicy,
    aspect: A,
    input: Uint8Array,
    now: number,
  ): Promise<Ran<ValueOf[A]>>
}

type PolicyData = { readonly digest: string; readonly bytes: Uint8Array }

/**
 * Policies of one commit over its directory; every evaluation goes through `pool`.
 * @param data of that directory, where it was written down before
 */
export function createPolicySet(
  commit: string,
  directory: Directory,
  loaded: readonly LoadedPolicy[],
  pool: EvaluatorPool,
  data: PolicyData = dataOf(directory),
): LoadedPolicySet {
  const run = async <A extends Aspect>(policy: LoadedPolicy, aspect: A, input: Uint8Array, now: number) => {
    const { wasm, digest, hasAllow } = policy.compiled
    const module = { digest, wasm, hasAllow, entrypoint: entrypointOf(policy.source) }
    const outcome: EvaluationOutcome = await pool.evaluate({ module, data, input, aspect, now })
    const digests = { input: hash('sha256', input), wasm: digest, data: data.digest }
    // The worker reads a document as its aspect's value and nothing else (shape.ts).
    return { digests, outcome: outcome as ValueOf[A] | EvaluationFailure }
  }

  const eligibility = (policies: readonly LoadedPolicy[], question: PolicyQuestion, input: Uint8Array) =>
    Promise.all(
      policies.map(async (policy): Promise<EligibilityResult> => {
        const { digests, outcome } = await run(policy, 'eligibility', input, question.now)
        return { policy: policy.source.name, digests, outcome }
      }),
    )

  const reviewers = (policy: LoadedPolicy, question: PolicyQuestion, keep: Keep) =>
    Promise.all(
      question.reviewers.map(async (reviewer): Promise<ReviewerResult> => {
        const input = keep(canonicalBytes(policyInput(question, reviewer)))
        const { digests, outcome } = await run(policy, 'reviewer', input, question.now)
        return { reviewerId: reviewer.id, login: reviewer.login, digests, outcome }
      }),
    )

  const approval = (
    policies: readonly LoadedPolicy[],
    question: PolicyQuestion,
    input: Uint8Array,
    keep: Keep,
  ) =>
    Promise.all(
      policies.map(async (policy): Promise<ApprovalResult> => {
        const { digests, outcome } = await run(policy, 'approval', input, question.now)
        const asked =
          outcome.kind === 'value' && asksEach(outcome) ? await reviewers(policy, question, keep) : []
        return { policy: policy.source.name, digests, outcome, reviewers: asked }
      }),
    )

  const hints = async (
    policies: readonly LoadedPolicy[],
    question: PolicyQuestion,
  ): Promise<readonly string[]> => {
    const held: Variation[] = []
    for (const variation of variations(question, directory)) {
      const input = canonicalBytes(policyInput(variation.question, variation.question.requester))
      const results = await eligibility(policies, variation.question, input)
      // A policy that hangs here would hang in each of the others too.
      if (inTrouble(results)) break
      if (isEligible(results)) held.push(variation)
    }
    return hintsOf(held)
  }

  return {
    commit,
    directory,
    dataDigest: data.digest,
    policies: loaded.map(({ source, compiled }) => ({
      name: source.name,
      type: source.type,
      wasm: compiled.digest,
    })),
    loaded,
    data,
    run,
    async ask(question, options = {}): Promise<PolicyAnswer> {
      const evidence = new Map<string, Evidence>()
      const keep: Keep = (bytes) => {
        const digest = hash('sha256', bytes)
        evidence.set(digest, { digest, bytes })
        return bytes
      }
      const enabled = loaded.filter(({ source }) => !options.without?.includes(source.name))
      const of = (type: string) => enabled.filter(({ source }) => source.type === type)
      const input = keep(canonicalBytes(policyInput(question, question.requester)))
      const [eligible, approved] = await Promise.all([
        eligibility(of('eligibility'), question, input),
        approval(of('approval'), question, input, keep),
      ])
      const wanted = options.hints === true && !isEligible(eligible) && !inTrouble(eligible)
      return {
        eligibility: eligible,
        approval: approved,
        hints: wanted ? await hints(of('eligibility'), question) : [],
        evidence: [...evidence.values()],
      }
    },
  }
}

const dataOf = (directory: Directory): PolicyData => {
  const bytes = canonicalBytes(policyData(directory))
  return { digest: hash('sha256', bytes), bytes }
}

/** Takes an input into the evidence and hands it back. */
type Keep = (bytes: Uint8Array) => Uint8Array

/** Only a policy that wants a person and names none is asked who may approve. */
const asksEach = ({ applies, tier, required, approverGroup }: ApprovalValue): boolean =>
  applies && tier !== 'auto' && required === undefined && approverGroup === undefined

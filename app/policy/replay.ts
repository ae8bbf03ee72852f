import { canonicalBytes } from '../audit/canonical.ts'
import { momentOf } from './eval.ts'
import type { LoadedPolicySet } from './policy-set.ts'
import type { ApprovalResult, EligibilityResult, EvaluationDigests } from './result.ts'
import type { Aspect } from './shape.ts'

/** One evaluation that did not come out as recorded, or could not be repeated. */
export type ReplayDifference = {
  readonly policy: string
  readonly reviewerId?: number
  /** `wasm`, `data`: other bytes than recorded. `evidence`: the input is gone or altered. `outcome`: another answer. */
  readonly about: 'policy' | 'wasm' | 'data' | 'evidence' | 'outcome'
  readonly recorded: string
  readonly found: string
}
export type ReplayReport = { readonly replayed: number; readonly differences: readonly ReplayDifference[] }

type Recorded = {
  readonly policy: string
  readonly aspect: Aspect
  readonly digests: EvaluationDigests
  readonly outcome: { readonly kind: string }
  readonly reviewerId?: number
}

/**
 * Evaluates a recorded decision's inputs again on the policies of its commit. Trouble (a time-out) is not
 * replayed: it was no answer. `evidence` gives an input's bytes by digest.
 */
export async function replayDecision(
  set: LoadedPolicySet,
  recorded: {
    readonly eligibility: readonly EligibilityResult[]
    readonly approval: readonly ApprovalResult[]
  },
  evidence: (digest: string) => Promise<Uint8Array | undefined>,
): Promise<ReplayReport> {
  const all: readonly Recorded[] = [
    ...recorded.eligibility.map((result) => ({ ...result, aspect: 'eligibility' as const })),
    ...recorded.approval.flatMap(({ policy, digests, outcome, reviewers }) => [
      { policy, aspect: 'approval' as const, digests, outcome },
      ...reviewers.map((reviewer) => ({ policy, aspect: 'reviewer' as const, ...reviewer })),
    ]),
  ]
  const answers = all.filter(({ outcome }) => outcome.kind !== 'trouble')
  const differences = await Promise.all(answers.map((one) => replayOne(set, one, evidence)))
  return { replayed: answers.length, differences: differences.flat() }
}

async function replayOne(
  set: LoadedPolicySet,
  { policy: name, aspect, digests, outcome, reviewerId }: Recorded,
  evidence: (digest: string) => Promise<Uint8Array | undefined>,
): Promise<readonly ReplayDifference[]> {
  const differs = (about: ReplayDifference['about'], was: string, is: string): ReplayDifference => ({
    policy: name,
    ...(reviewerId === undefined ? {} : { reviewerId }),
    about,
    recorded: was,
    found: is,
  })
  const policy = set.loaded.find(({ source }) => source.name === name)
  if (policy === undefined) return [differs('policy', name, 'no such policy at this commit')]
  const input = await evidence(digests.input)
  if (input === undefined) return [differs('evidence', digests.input, 'missing')]
  const now = momentOf(JSON.parse(Buffer.from(input).toString('utf8')).context?.now_ns, 0)
  const again = await set.run(policy, aspect, input, now)
  const text = (value: unknown) => Buffer.from(canonicalBytes(value)).toString('utf8')
  return [
    ...(again.digests.input === digests.input
      ? []
      : [differs('evidence', digests.input, again.digests.input)]),
    ...(again.digests.wasm === digests.wasm ? [] : [differs('wasm', digests.wasm, again.digests.wasm)]),
    ...(again.digests.data === digests.data ? [] : [differs('data', digests.data, again.digests.data)]),
    ...(text(again.outcome) === text(outcome)
      ? []
      : [differs('outcome', text(outcome), text(again.outcome))]),
  ]
}

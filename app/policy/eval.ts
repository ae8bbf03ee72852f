import { canonicalBytes } from '../audit/canonical.ts'
import { type CompletedInput, completeInput } from './complete-input.ts'
import { isEligible } from './fold.ts'
import type { LoadedPolicy, LoadedPolicySet } from './policy-set.ts'
import type { ApprovalValue, EligibilityValue, EvaluationFailure } from './result.ts'
import type { PolicyType } from './sources.ts'

/** The answer of `policy eval`; it decides nothing. */
export type EvalAnswer = {
  /** Eligibility: whether such a request would be eligible. Approval: whether this user's approval would count. */
  readonly allowed: boolean
  readonly reason: string
  readonly policies: readonly {
    readonly policy: string
    readonly outcome: EligibilityValue | ApprovalValue | EvaluationFailure
  }[]
  readonly assumed: CompletedInput['assumed']
}

/** Evaluates all policies of a type over a hand-written, possibly partial input. `now`: epoch ms for what it lacks. */
export async function evalPolicies(
  set: LoadedPolicySet,
  type: PolicyType,
  given: Readonly<Record<string, unknown>>,
  now: number,
): Promise<EvalAnswer> {
  const completed = completeInput(given, set.directory, now)
  const at = momentOf(completed.input.context.now_ns, now)
  const policies = set.loaded.filter(({ source }) => source.type === type)
  const answer =
    type === 'eligibility'
      ? await evalEligibility(set, policies, completed.input, at)
      : await evalApproval(set, policies, completed.input, at)
  return { ...answer, assumed: completed.assumed }
}

/** The recorded time of an input, epoch ms. */
export const momentOf = (nanoseconds: unknown, otherwise: number): number =>
  typeof nanoseconds === 'number' ? Math.round(nanoseconds / 1_000_000) : otherwise

type Input = CompletedInput['input']
type Answer = Omit<EvalAnswer, 'assumed'>

async function evalEligibility(
  set: LoadedPolicySet,
  policies: readonly LoadedPolicy[],
  input: Input,
  now: number,
): Promise<Answer> {
  const bytes = canonicalBytes(input)
  const results = await Promise.all(
    policies.map(async (policy) => ({
      policy: policy.source.name,
      ...(await set.run(policy, 'eligibility', bytes, now)),
    })),
  )
  const allowed = isEligible(results)
  const reasons = results.flatMap(({ policy, outcome }) => {
    if (outcome.kind !== 'value') return [`${policy} failed: ${outcome.why}`]
    if (outcome.deny.length > 0) return outcome.deny
    return outcome.allow === allowed && outcome.reason !== '' ? [outcome.reason] : []
  })
  return {
    allowed,
    reason: reasons.length > 0 ? reasons.join('; ') : allowed ? '' : 'no eligibility policy allows it',
    policies: results.map(({ policy, outcome }) => ({ policy, outcome })),
  }
}

async function evalApproval(
  set: LoadedPolicySet,
  policies: readonly LoadedPolicy[],
  input: Input,
  now: number,
): Promise<Answer> {
  const asRequester = canonicalBytes({ ...input, user: input.requester })
  const asReviewer = canonicalBytes(input)
  const said = await Promise.all(
    policies.map(async (policy) => {
      const { outcome } = await set.run(policy, 'approval', asRequester, now)
      return {
        policy: policy.source.name,
        outcome,
        word: await wordOf(set, policy, outcome, input, asReviewer, now),
      }
    }),
  )
  const words = said.flatMap(({ policy, word }) => (word.kind === 'silent' ? [] : [{ policy, ...word }]))
  const refused = words.filter(({ kind }) => kind === 'refuses')
  const counts = words.filter(({ kind }) => kind === 'counts')
  const nobody = words.length > 0 && words.every(({ kind }) => kind === 'auto')
  const because = (list: typeof words) => list.map(({ policy, why }) => `${policy}: ${why}`).join('; ')
  return {
    allowed: refused.length === 0 && (counts.length > 0 || nobody),
    reason:
      words.length === 0
        ? 'no approval policy applies'
        : because(refused.length > 0 ? refused : counts.length > 0 ? counts : words),
    policies: said.map(({ policy, outcome }) => ({ policy, outcome })),
  }
}

type Word = { readonly kind: 'silent' | 'auto' | 'counts' | 'ignores' | 'refuses'; readonly why: string }

/** What one approval policy makes of an approval by `input.user`. */
async function wordOf(
  set: LoadedPolicySet,
  policy: LoadedPolicy,
  outcome: ApprovalValue | EvaluationFailure,
  input: Input,
  asReviewer: Uint8Array,
  now: number,
): Promise<Word> {
  if (outcome.kind !== 'value') return { kind: 'refuses', why: `it failed: ${outcome.why}` }
  if (outcome.deny.length > 0) return { kind: 'refuses', why: outcome.deny.join('; ') }
  const { applies, tier, required = [], approverGroup } = outcome
  if (!applies) return { kind: 'silent', why: 'does not apply' }
  if (tier === 'auto' && required.length === 0) return { kind: 'auto', why: 'needs no approval' }
  const groups = Array.isArray(input.user.groups) ? input.user.groups : []
  const entries =
    outcome.required ??
    (approverGroup === undefined ? undefined : [{ group: approverGroup, count: 1, reason: '' }])
  if (entries !== undefined) {
    const label = entries
      .map((entry) => ('group' in entry ? `group ${entry.group}` : entry.users.join(' or ')))
      .join(' and ')
    const fits = entries.some((entry) =>
      'group' in entry
        ? groups.includes(entry.group)
        : entry.users.some((login) => login === input.user.login),
    )
    return {
      kind: fits ? 'counts' : 'ignores',
      why: `wants ${label === '' ? 'nobody that it names' : label}`,
    }
  }
  const { outcome: reviewer } = await set.run(policy, 'reviewer', asReviewer, now)
  if (reviewer.kind !== 'value') return { kind: 'refuses', why: `it failed: ${reviewer.why}` }
  return reviewer.allow
    ? { kind: 'counts', why: 'allows this reviewer' }
    : { kind: 'ignores', why: 'does not allow this reviewer' }
}

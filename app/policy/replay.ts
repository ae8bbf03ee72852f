import { hash } from 'node:crypto'
import type { EventType, Json, LedgerEvent } from '../audit/event.ts'
import { decide } from '../decision/decide.ts'
import { decidePolicies } from '../decision/decide-policies.ts'
import type { Decision, Verdict } from '../decision/decision.ts'
import { decisionData, type Evaluation, policyDecisionData } from '../decision/decision-data.ts'
import type { Facts, PolicyFacts, ProposalFacts, RequestFacts } from '../decision/facts.ts'
import { type Grounds, readGrounds } from '../decision/grounds.ts'
import type { PolicyTrialReport } from '../reconcile/ports/policy-trial.ts'
import { notPlain, plainMode } from '../request/plain.ts'
import { compared, type Difference, type Replayed, sameAs, told } from './comparison.ts'
import { momentOf } from './eval.ts'
import type { LoadedPolicySet } from './policy-set.ts'
import type { EvaluationDigests, EvaluationFailure } from './result.ts'
import type { Aspect } from './shape.ts'
import type { ProposedAgain, ProposedCommits } from './trial/proposed-again.ts'

export type ReplayDeps = {
  /** What Git says of proposed policies, and, where they were `tried`, a second trial; or why it cannot be had. */
  readonly proposed: (
    commits: ProposedCommits,
    tried: boolean,
  ) => Promise<ProposedAgain | { readonly missing: string }>
  /** Stored bytes by digest, whatever they hash to. */
  readonly evidence: (digest: string) => Promise<Uint8Array | undefined>
  /** The policies of a commit, given which wasm was recorded by policy; or why they cannot be had. */
  readonly policies: (
    commit: string,
    recorded: ReadonlyMap<string, string>,
  ) => Promise<
    { readonly set: LoadedPolicySet; readonly notes: readonly string[] } | { readonly missing: string }
  >
  /** What a request's blob says, read anew, with `any` start where earlier releases read one; or why it cannot be had. */
  readonly request: (
    blob: string,
    path: string,
    start?: 'kept' | 'any',
  ) => Promise<RequestFacts['read'] | { readonly missing: string }>
}

/** Events that hold a decision, whole. */
export const isDecision = ({ data }: LedgerEvent): boolean => typeof data.result === 'string'

/**
 * Makes a recorded decision again: every policy of its commit is asked its recorded input, then all that the event
 * says follows from the recorded facts and the new answers, and is compared field by field.
 */
export async function replayDecision(deps: ReplayDeps, event: LedgerEvent): Promise<Replayed> {
  const { facts: digest } = event.data
  if (typeof digest !== 'string') return lacking('the event does not name the facts that it was made of')
  const bytes = await deps.evidence(digest)
  if (bytes === undefined) return lacking(`evidence ${digest}, the facts that it was made of, is gone`)
  const found = hash('sha256', bytes)
  if (found !== digest) return different({ about: 'facts', recorded: digest, found })
  const grounds = readGrounds(bytes)
  if (grounds === undefined) return lacking('its facts are of a kind that this gitsudo does not know')
  return grounds.proposal === undefined
    ? replayRequest(deps, event, grounds.facts)
    : replayPolicies(deps, event, { facts: grounds.facts, proposal: grounds.proposal })
}

async function replayPolicies(
  deps: ReplayDeps,
  { type, data }: LedgerEvent,
  { facts, proposal }: Required<Grounds>,
): Promise<Replayed> {
  const { number: pull, headSha: head, merged } = facts.pull
  const { accepted, trial, tree, mergedTree } = proposal
  const isTried = !('missing' in trial)
  const lackedOpa = isTried && withoutOpa(trial)
  const commits = {
    pull,
    head,
    accepted,
    alike: tree === mergedTree,
    ...(merged && { merge: merged.commit }),
  }
  const git = await deps.proposed(commits, isTried && !lackedOpa)
  const again = 'tree' in git ? git : undefined
  const decision = decidePolicies(facts, again === undefined ? proposal : retried(proposal, again))
  const made = (form: Decision) =>
    form.policies && policyDecisionData(form, form.policies, String(data.facts))
  const found = decision.verdict === 'passed' ? 'policy.accepted' : 'policy.refused'
  return told({
    ...sameAs(data, decision, made),
    missing: [git.missing].flat(),
    notes: [
      ...(again?.notes ?? []),
      'what the branch held before it is taken as recorded',
      ...(lackedOpa ? ['whether they compile is taken as recorded, by a service without opa'] : []),
      ...(isTried ? ['whom it would let in or keep out is taken as recorded'] : []),
    ],
    also: [
      ...(again === undefined ? [] : inGit(proposal, again)),
      ...compared({ about: 'type' }, type, found),
    ],
  })
}

/** A service without opa finds a fault in what only opa compiles or tests; a machine with it does not find that again. */
const withoutOpa = ({ compiles }: PolicyTrialReport): boolean =>
  !compiles.ok && compiles.faults.some(({ code }) => code === 'compiler_missing')

/** With what compiling and testing them found now; of a service without opa, whose tests were not run, they stay so. */
const retried = (proposal: ProposalFacts, { compiles, tests }: ProposedAgain): ProposalFacts => {
  const { trial } = proposal
  if ('missing' in trial || compiles === undefined) return proposal
  const run = trial.tests.notRun || !trial.compiles.ok ? undefined : tests
  return { ...proposal, trial: { ...trial, compiles, ...(run && { tests: run }) } }
}

/** What the recorded facts say otherwise than Git and a second trial do. */
const inGit = (proposal: ProposalFacts, again: ProposedAgain): readonly Difference[] => {
  const { trial } = retried(proposal, again)
  const was = 'missing' in proposal.trial ? undefined : proposal.trial
  const is = 'missing' in trial ? undefined : trial
  const plain = (odd: ProposalFacts['odd']) => odd.map(({ path, mode }) => `${mode} ${path}`).sort()
  return [
    ...compared({ about: 'tree' }, proposal.tree, again.tree),
    ...(again.mergedTree === undefined
      ? []
      : compared({ about: 'merged_tree' }, proposal.mergedTree ?? null, again.mergedTree)),
    ...compared({ about: 'modes' }, plain(proposal.odd), plain(again.odd)),
    ...compared({ about: 'changed' }, proposal.changed.toSorted(), again.changed.toSorted()),
    ...compared({ about: 'compiles' }, (was?.compiles ?? null) as Json, (is?.compiles ?? null) as Json),
    ...compared({ about: 'tests' }, (was?.tests ?? null) as Json, (is?.tests ?? null) as Json),
  ]
}

async function replayRequest(deps: ReplayDeps, event: LedgerEvent, facts: Facts): Promise<Replayed> {
  const own = facts.requests.find(({ id }) => id === event.request)
  if (own === undefined)
    return different({ about: 'request', recorded: event.request ?? '', found: 'no such request' })
  const asked = facts.requests.flatMap(({ policies, policiesToo }) => [policies, policiesToo])
  const loaded =
    'commit' in facts.policy ? await deps.policies(facts.policy.commit, wasmOf(asked)) : undefined
  if (loaded !== undefined && 'missing' in loaded) return lacking(loaded.missing)

  const missing: string[] = []
  const notes = [...(loaded?.notes ?? [])]
  const again: Again = async (name, aspect, result) => {
    if (result.outcome.kind === 'trouble') {
      notes.push(`policy ${name} came to no answer then, and was not asked again`)
      return result
    }
    const policy = loaded?.set.loaded.find(({ source }) => source.name === name)
    // Its absence shows in what was asked.
    if (loaded === undefined || policy === undefined) return result
    const input = await deps.evidence(result.digests.input)
    if (input === undefined) {
      missing.push(`evidence ${result.digests.input}, an input of its policies, is gone`)
      return result
    }
    const found = hash('sha256', input)
    // What is not what was asked then is put to nobody: whatever came out would say nothing.
    if (found !== result.digests.input) return { ...result, digests: { ...result.digests, input: found } }
    return { ...result, ...(await loaded.set.run(policy, aspect, input, momentIn(input))) }
  }
  const requests = await Promise.all(facts.requests.map((one) => askedAgain(again, one)))
  const { mode = plainMode } = facts.changes.find(({ path }) => path === own.path) ?? {}
  const start = own.read.ok ? 'any' : 'kept'
  const read = mode === plainMode ? await deps.request(own.blob, own.path, start) : notPlain(own.path, mode)
  if ('missing' in read) missing.push(read.missing)

  const decision = decide({ ...facts, requests })
  const remade = requests.find(({ id }) => id === own.id)
  const verdictOf = (form: Decision) => form.requests.find(({ id }) => id === own.id)
  const made = (form: Decision) => {
    const verdict = verdictOf(form)
    return verdict && decisionData(form, verdict, remade, String(event.data.facts))
  }
  const verdict = verdictOf(decision)
  return told({
    ...sameAs(event.data, decision, made),
    missing,
    notes,
    also: [
      ...('missing' in read ? [] : compared({ about: 'request' }, own.read as Json, read as Json)),
      ...(loaded === undefined ? [] : unasked(loaded.set, own)),
      ...evaluationsOf(event.data.evaluations, made(decision)?.evaluations),
      ...(verdict === undefined ? [] : typeOf(event.type, verdict.verdict)),
    ],
  })
}

/** Two types say what came out, too. */
const typeOf = (recorded: EventType, verdict: Verdict): readonly Difference[] => {
  if (recorded !== 'request.approved' && recorded !== 'request.denied') return []
  const said: Partial<Record<Verdict, EventType>> = { passed: 'request.approved', denied: 'request.denied' }
  return compared({ about: 'type' }, recorded, said[verdict] ?? 'request.evaluated')
}

type Ran<T> = { readonly digests: EvaluationDigests; readonly outcome: T | EvaluationFailure }
type Again = <R extends Ran<unknown & { readonly kind: string }>>(
  policy: string,
  aspect: Aspect,
  result: R,
) => Promise<R>

async function askedAgain(again: Again, request: RequestFacts): Promise<RequestFacts> {
  const anew = async (policies: PolicyFacts): Promise<PolicyFacts> => ({
    ...policies,
    eligibility: await Promise.all(policies.eligibility.map((one) => again(one.policy, 'eligibility', one))),
    approval: await Promise.all(
      policies.approval.map(async (one) => ({
        ...(await again(one.policy, 'approval', one)),
        reviewers: await Promise.all(one.reviewers.map((each) => again(one.policy, 'reviewer', each))),
      })),
    ),
  })
  return {
    ...request,
    ...(request.policies === undefined ? {} : { policies: await anew(request.policies) }),
    ...(request.policiesToo === undefined ? {} : { policiesToo: await anew(request.policiesToo) }),
  }
}

/** Policies of the commit that should have been asked and were not, and the other way round. */
function unasked(
  { loaded }: LoadedPolicySet,
  { policies, policiesToo, overridden = [] }: RequestFacts,
): readonly Difference[] {
  if (policies === undefined) return []
  const names = (facts: PolicyFacts | undefined) =>
    facts === undefined ? [] : [...facts.eligibility, ...facts.approval].map(({ policy }) => policy)
  const asked = new Set([
    ...names(policies),
    ...names(policiesToo),
    ...overridden.map(({ policy }) => policy),
  ])
  const held = new Set(loaded.map(({ source }) => source.name))
  return [...new Set([...asked, ...held])].sort().flatMap((policy) => {
    const [recorded, found] = [
      asked.has(policy) ? 'asked' : 'not asked',
      held.has(policy) ? 'there' : 'not at this commit',
    ]
    return asked.has(policy) && held.has(policy) ? [] : [{ about: 'policy', policy, recorded, found }]
  })
}

const evaluationKeys = ['input', 'wasm', 'data', 'outcome'] as const

function evaluationsOf(recorded: Json | undefined, found: Json | undefined): readonly Difference[] {
  if (found === undefined) return []
  const [was, is] = [recorded, found] as unknown as [readonly Evaluation[], readonly Evaluation[]]
  if (was.length !== is.length)
    return [{ about: 'evaluations', recorded: String(was.length), found: String(is.length) }]
  return was.flatMap((one, index) => {
    const { policy, reviewer } = one
    const of = { policy, ...(reviewer === undefined ? {} : { reviewer }) }
    return evaluationKeys.flatMap((about) =>
      compared({ about, ...of }, one[about], is[index]?.[about] ?? null),
    )
  })
}

const nothing: Replayed = { differences: [], missing: [], notes: [] }
const lacking = (why: string): Replayed => ({ ...nothing, missing: [why] })
const different = (one: Difference): Replayed => ({ ...nothing, differences: [one] })

const momentIn = (input: Uint8Array): number =>
  momentOf(JSON.parse(Buffer.from(input).toString('utf8')).context?.now_ns, 0)

const wasmOf = (asked: readonly (PolicyFacts | undefined)[]): ReadonlyMap<string, string> =>
  new Map(
    asked.flatMap((one) =>
      one === undefined
        ? []
        : [...one.eligibility, ...one.approval].map(({ policy, digests }) => [policy, digests.wasm]),
    ),
  )

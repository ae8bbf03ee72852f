import type { PolicyTrialChange } from '../../reconcile/ports/policy-trial.ts'
import type { Judgement } from './judge.ts'
import type { JudgeOfRecorded } from './judgements.ts'
import { readQuestion } from './question.ts'
import type { RecordedDecision } from './recorded.ts'

export type Replayed = {
  readonly changes: readonly PolicyTrialChange[]
  readonly replayed: number
  /** Whether any of them passes under the tried policies. */
  readonly somebodyPasses: boolean
}

/** So that the workers never wait for this thread. */
const atOnce = 8

/**
 * Puts recorded requests, in order, to the accepted policies (undefined: they cannot be loaded, so that nobody
 * passes) and to the tried ones. Ends early, between two requests, when `enough` is aborted.
 * @param evidence the input's bytes by digest
 */
export async function replayRecorded(
  judges: { readonly accepted: JudgeOfRecorded | undefined; readonly tried: JudgeOfRecorded },
  decisions: readonly RecordedDecision[],
  evidence: (digest: string) => Promise<Uint8Array | undefined>,
  enough: AbortSignal,
): Promise<Replayed> {
  const changes: PolicyTrialChange[] = []
  let replayed = 0
  let somebodyPasses = false
  const replay = async ({ request, path, input }: RecordedDecision) => {
    const bytes = await evidence(input)
    const question = bytes === undefined ? undefined : readQuestion(bytes, input, path)
    if (question === undefined) return
    const [was, is] = await Promise.all([
      judges.accepted?.(question, input) ?? refused,
      judges.tried(question, input),
    ])
    // A busy machine says nothing about the policies in force; the tried ones have to come to an answer.
    if (was.verdict === 'trouble') return
    replayed += 1
    somebodyPasses ||= is.verdict === 'passes'
    if (differs(was, is))
      changes.push({ request, path, requester: question.requester.login, ...difference(was, is) })
  }
  for (let at = 0; at < decisions.length && !enough.aborted; at += atOnce)
    await Promise.all(decisions.slice(at, at + atOnce).map(replay))
  return { changes, replayed, somebodyPasses }
}

const refused: Judgement = { verdict: 'refused' }

const differs = (before: Judgement, after: Judgement): boolean =>
  before.verdict === 'passes' && after.verdict === 'passes'
    ? before.asked !== after.asked
    : before.verdict === 'passes' || after.verdict === 'passes'

const difference = (before: Judgement, after: Judgement) => ({
  before: before.verdict === 'passes' ? ('passes' as const) : ('refused' as const),
  after: after.verdict === 'passes' ? ('passes' as const) : ('refused' as const),
  ...(before.verdict === 'passes' && after.verdict === 'passes'
    ? { approvals: { before: before.approvals, after: after.approvals } }
    : {}),
})

import { inTurn } from '../../reconcile/in-turn.ts'
import type { Clock } from '../../reconcile/ports/clock.ts'
import type { PolicySet } from '../../reconcile/ports/evaluator.ts'
import { GitError, type Mirror } from '../../reconcile/ports/git.ts'
import type { Keys } from '../../reconcile/ports/keys.ts'
import type { Ledger } from '../../reconcile/ports/ledger.ts'
import {
  type PolicyTrial,
  PolicyTrialError,
  type PolicyTrialReport,
  type PolicyTrialRequest,
} from '../../reconcile/ports/policy-trial.ts'
import { type CompilePolicy, createCompiler } from '../compile.ts'
import { createPolicyLoader, type LoaderDeps } from '../load.ts'
import { type Opa, OpaError } from '../opa.ts'
import { type PolicyFault, PolicyLoadError } from '../policy-fault.ts'
import { createPolicySet } from '../policy-set.ts'
import { createEvaluatorPool, type EvaluatorPool } from '../pool.ts'
import { readSources } from '../sources.ts'
import { runRegoTests } from '../test-run.ts'
import { compileProposed } from './compile-proposed.ts'
import { createJudge, patient } from './judge.ts'
import { rememberJudgements } from './judgements.ts'
import { contentOf, type PolicyFiles, readPolicies } from './read-policies.ts'
import { recordedDecisions } from './recorded.ts'
import { replayRecorded } from './replay.ts'
import { safeFaults, safeTests } from './safe.ts'
import { anySamplePasses } from './samples.ts'

export type TrialDeps = {
  readonly git: { mirror(repository: number): Pick<Mirror, 'fetch' | 'tree' | 'blob'> }
  readonly ledger: Pick<Ledger, 'read'>
  readonly keys: Pick<Keys, 'verify'>
  /** Stored bytes of an evaluation's input, by digest. */
  readonly evidence: (digest: string) => Promise<Uint8Array | undefined>
  readonly packaged: LoaderDeps['packaged']
  readonly capabilities: Uint8Array
  /** undefined: there is none on this machine; only packaged policies can be tried. */
  readonly opa: Opa | undefined
  readonly clock: Clock
  /** How long compiling and testing may take, and how long the replay goes on, in milliseconds. */
  readonly limits?: { readonly opaMs?: number; readonly replayMs?: number }
}

const days90 = 90 * 86_400_000
const inWorker = 'WebAssembly in a worker of its own'

/** Tries one commit at a time: two would share the machine with the service. */
export function createPolicyTrial(deps: TrialDeps): PolicyTrial {
  const turn = inTurn()
  const remember = rememberJudgements()
  return { trial: (request, signal) => turn(() => tryCommit(deps, remember, request, signal)) }
}

async function tryCommit(
  deps: TrialDeps,
  remember: ReturnType<typeof rememberJudgements>,
  { repository, head, accepted }: PolicyTrialRequest,
  given: AbortSignal,
): Promise<PolicyTrialReport> {
  const { opa, capabilities, packaged, limits: { opaMs = 120_000, replayMs = 60_000 } = {} } = deps
  const signal = AbortSignal.any([given, AbortSignal.timeout(opaMs)])
  const [ours, theirs] = await readBoth(deps, repository, accepted, head)
  const compile = opa === undefined ? undefined : createCompiler(opa, capabilities, { signal })
  const held = [...(opa?.confinement?.held ?? []), inWorker]
  const nothing = { tests: { passed: 0, failed: [] }, changes: [], replayed: 0, locksOut: false, held }

  const { data, policies, faults: own } = await compileProposed({ packaged, compile }, theirs)
  const untested = opa === undefined ? changedTests(theirs, ours) : []
  const faults = [...own, ...untested]
  refuseTrouble(faults, signal)
  if (!data.ok || faults.length > 0) {
    return { ...nothing, compiles: { ok: false, faults: safeFaults(faults) } }
  }
  const tests = await runTests(deps, theirs, compile, signal)

  const pools = [createEvaluatorPool(), createEvaluatorPool()] as const
  try {
    const tried = createPolicySet(head, data.directory, policies, pools[0])
    const before = await loadAccepted({ packaged, compile, pool: pools[1] }, accepted, ours)
    const enough = AbortSignal.any([given, AbortSignal.timeout(replayMs)])
    const now = deps.clock.now()
    const { decisions, left } = await recordedDecisions(deps, repository, now - days90)
    const judge = (set: PolicySet, files: PolicyFiles) =>
      remember(contentOf(files), patient(createJudge(set)))
    const judges = { accepted: before && judge(before, ours), tried: judge(tried, theirs) }
    const replay = await replayRecorded(judges, decisions, deps.evidence, enough)
    const locksOut = !replay.somebodyPasses && !(await anySamplePasses(tried, now, sampling(given, replayMs)))
    if (given.aborted) throw late(given)
    const { changes, replayed } = replay
    const notReplayed = decisions.length + left - replayed
    return {
      compiles: { ok: true },
      tests,
      changes,
      replayed,
      ...(notReplayed === 0 ? {} : { notReplayed }),
      locksOut,
      held,
    }
  } finally {
    await Promise.all(pools.map((pool) => pool.close()))
  }
}

const sampling = (given: AbortSignal, ms: number) => AbortSignal.any([given, AbortSignal.timeout(ms)])

async function readBoth(
  { git }: TrialDeps,
  repository: number,
  accepted: string,
  head: string,
): Promise<readonly [PolicyFiles, PolicyFiles]> {
  try {
    const mirror = git.mirror(repository)
    await mirror.fetch([accepted, head])
    return [await readPolicies(mirror, accepted), await readPolicies(mirror, head)]
  } catch (cause) {
    if (!(cause instanceof GitError)) throw cause
    throw new PolicyTrialError('unavailable', `policies/ could not be read: ${cause.message}`, { cause })
  }
}

/** The policies in force; undefined where nothing passes because they cannot be loaded. */
async function loadAccepted(
  deps: LoaderDeps & { readonly pool: EvaluatorPool },
  commit: string,
  { files }: PolicyFiles,
): Promise<PolicySet | undefined> {
  try {
    return await createPolicyLoader(deps)(commit, files)
  } catch (cause) {
    if (!(cause instanceof PolicyLoadError)) throw cause
    if (cause.code !== 'trouble') return undefined
    throw new PolicyTrialError('sandbox', 'opa could not be run to its end on the accepted policies', {
      cause,
    })
  }
}

async function runTests(
  { opa, capabilities, packaged }: TrialDeps,
  { files }: PolicyFiles,
  compile: CompilePolicy | undefined,
  signal: AbortSignal,
): Promise<PolicyTrialReport['tests']> {
  if (opa === undefined || compile === undefined) return { passed: 0, failed: [], notRun: true }
  try {
    const { tests } = await runRegoTests({ opa, capabilities, packaged, compile, signal }, files)
    return safeTests(tests)
  } catch (cause) {
    if (!(cause instanceof OpaError)) throw cause
    const code = cause.code === 'timeout' ? 'timeout' : 'sandbox'
    throw new PolicyTrialError(code, 'opa could not be run to the end of the Rego tests', { cause })
  }
}

/** Without opa, tests that are not the accepted ones cannot be believed. */
function changedTests(theirs: PolicyFiles, ours: PolicyFiles): readonly PolicyFault[] {
  const known = new Map(readSources(ours.files).tests.map(({ path, text }) => [path, text]))
  return readSources(theirs.files)
    .tests.filter(({ path, text }) => known.get(path) !== text)
    .map(({ path: file }) => ({
      file,
      line: 1,
      column: 1,
      code: 'compiler_missing' as const,
      message: 'is a test that only opa can run',
      remedy: 'put opa on PATH or name it in OPA_BIN',
    }))
}

/** A missing or stumbling compiler is no fault of the files, unless they have others. */
function refuseTrouble(faults: readonly PolicyFault[], signal: AbortSignal): void {
  if (signal.aborted) throw late(signal)
  if (faults.some(({ code }) => code === 'compiler_trouble'))
    throw new PolicyTrialError('sandbox', 'opa could not be run to its end')
  if (faults.length > 0 && faults.every(({ code }) => code === 'compiler_missing'))
    throw new PolicyTrialError(
      'no_opa',
      'these policies are not the packaged ones, and this machine has no opa to compile and test them: put opa on PATH or name it in OPA_BIN',
    )
}

const late = (signal: AbortSignal): PolicyTrialError =>
  new PolicyTrialError('timeout', 'the trial did not come to its end in time', { cause: signal.reason })

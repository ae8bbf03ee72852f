import { GitError, type Mirror, type Sha } from '../../reconcile/ports/git.ts'
import type { PolicyTrialReport } from '../../reconcile/ports/policy-trial.ts'
import { plainMode } from '../../request/plain.ts'
import type { LoaderDeps } from '../load.ts'
import { type Opa, OpaError } from '../opa.ts'
import { runRegoTests } from '../test-run.ts'
import { compileProposed } from './compile-proposed.ts'
import { type PolicyFiles, readPolicies } from './read-policies.ts'
import { safeFaults, safeTests } from './safe.ts'

/** Which commits a decision on policies was about; `merge`: where it was merged. */
export type ProposedCommits = {
  readonly pull: number
  readonly head: Sha
  readonly merge?: Sha
  readonly accepted: Sha
  /** On record, `policies/` is the same at the head and in the merge. */
  readonly alike: boolean
}

/** What Git says of them now, and what compiling and testing the proposed policies finds again. */
export type ProposedAgain = {
  /** Hashes of `policies/`; null: nothing there. */
  readonly tree: Sha | null
  readonly mergedTree?: Sha | null
  readonly odd: readonly { readonly path: string; readonly mode: string }[]
  readonly changed: readonly string[]
  readonly compiles?: PolicyTrialReport['compiles']
  readonly tests?: PolicyTrialReport['tests']
  /** What could not be asked again, and what the answer does not show. */
  readonly missing: readonly string[]
  readonly notes: readonly string[]
}

type Deps = {
  readonly clone: Pick<Mirror, 'tree' | 'blob' | 'treeHash' | 'changes'>
  readonly packaged: LoaderDeps['packaged']
  readonly compile: LoaderDeps['compile']
  readonly opa: Opa | undefined
  readonly capabilities: Uint8Array
}

const folder = 'policies'

/**
 * Looks at proposed policies again, as `policy replay` does, and where `tried` is set compiles and tests them as a trial
 * does. A head that is gone from the clone, as after a squash, is read from the merge where that is as good. Throws what
 * is no `GitError`.
 */
export const proposedAgain =
  (deps: Deps) =>
  async (commits: ProposedCommits, tried: boolean): Promise<ProposedAgain | { readonly missing: string }> => {
    try {
      return await read(deps, commits, tried)
    } catch (error) {
      if (!(error instanceof GitError)) throw error
      return { missing: `the proposed policies: ${error.message}` }
    }
  }

async function read(deps: Deps, commits: ProposedCommits, tried: boolean) {
  const { pull, head, merge, accepted, alike } = commits
  const { clone } = deps
  const tree = async (commit: Sha) => (await clone.treeHash(commit, folder)) ?? null
  const mergedTree = merge === undefined ? undefined : await tree(merge)
  const ofHead = await tree(head).catch((error: unknown) => {
    if (error instanceof GitError && error.code === 'missing') return undefined
    throw error
  })
  if (ofHead === undefined && (mergedTree === undefined || !alike)) {
    const remedy = `git fetch origin refs/pull/${pull}/head`
    return { missing: `the proposed policies: ${head} is not in the clone (${remedy})` }
  }
  const at = ofHead === undefined ? (merge ?? head) : head
  const entries = await clone.tree(at, `${folder}/`)
  const files = await readPolicies(clone, at)
  const again = tried ? await triedAgain(deps, files, at) : { missing: [], notes: [] }
  const notes =
    ofHead === undefined ? [`${head} is not in the clone: its policies were read from the merge, ${at}`] : []
  return {
    tree: ofHead ?? mergedTree ?? null,
    ...(mergedTree === undefined ? {} : { mergedTree }),
    odd: entries.filter(({ mode }) => mode !== plainMode).map(({ path, mode }) => ({ path, mode })),
    changed: (await clone.changes(accepted, at, `${folder}/`)).map(({ path }) => path),
    ...again,
    notes: [...notes, ...again.notes],
  }
}

type Tried = Pick<ProposedAgain, 'compiles' | 'tests' | 'missing' | 'notes'>

async function triedAgain(
  { packaged, compile, opa, capabilities }: Deps,
  files: PolicyFiles,
  at: Sha,
): Promise<Tried> {
  const { faults } = await compileProposed({ packaged, compile }, files)
  if (faults.some(({ code }) => code === 'compiler_missing'))
    return {
      missing: [`the policies of ${at}: they are not the packaged ones, and this machine has no opa`],
      notes: [],
    }
  if (faults.some(({ code }) => code === 'compiler_trouble'))
    return { missing: [`the policies of ${at}: opa could not be run to its end`], notes: [] }
  if (faults.length > 0)
    return { compiles: { ok: false, faults: safeFaults(faults) }, missing: [], notes: [] }
  const compiles = { ok: true } as const
  if (opa === undefined)
    return { compiles, missing: [], notes: ['its tests are taken as recorded: only opa runs them'] }
  try {
    const { tests } = await runRegoTests(
      { opa, capabilities, packaged, ...(compile && { compile }) },
      files.files,
    )
    return { compiles, tests: safeTests(tests), missing: [], notes: [] }
  } catch (error) {
    if (!(error instanceof OpaError)) throw error
    return { compiles, missing: [`the tests of ${at}: opa could not be run to their end`], notes: [] }
  }
}

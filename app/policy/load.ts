import { readDirectory } from '../identity/directory.ts'
import type { CompiledPolicy, CompilePolicy } from './compile.ts'
import type { createPackaged } from './packaged.ts'
import { type PolicyFault, PolicyLoadError } from './policy-fault.ts'
import { createPolicySet, type LoadedPolicy, type LoadedPolicySet } from './policy-set.ts'
import type { EvaluatorPool } from './pool.ts'
import { type PolicySource, type RegoFile, readSources } from './sources.ts'

export type LoaderDeps = {
  readonly pool: EvaluatorPool
  readonly packaged: ReturnType<typeof createPackaged>
  /** undefined: there is no opa on this machine; only the packaged policies can be loaded. */
  readonly compile?: CompilePolicy | undefined
}

/**
 * Makes the loader of policy sets: paths are the repository's (`policies/…`). Throws `PolicyLoadError` with
 * every fault of sources and data at once.
 */
export function createPolicyLoader(
  deps: LoaderDeps,
): (commit: string, files: ReadonlyMap<string, Uint8Array>) => Promise<LoadedPolicySet> {
  return async (commit, files) => {
    const sources = readSources(files)
    const data = readDirectory(files)
    const faults: PolicyFault[] = [...sources.faults, ...(data.ok ? [] : data.faults)]
    const compiled = await compileAll(deps, sources.policies, sources.lib)
    faults.push(...compiled.faults)
    if (!data.ok || faults.length > 0) throw new PolicyLoadError(codeOf(faults), faults)
    return createPolicySet(commit, data.directory, compiled.policies, deps.pool)
  }
}

/** Every policy compiled, packaged or anew, and every fault of those that cannot be. */
export async function compileAll(
  deps: Pick<LoaderDeps, 'packaged' | 'compile'>,
  policies: readonly PolicySource[],
  lib: readonly RegoFile[],
): Promise<{
  readonly policies: readonly LoadedPolicy[]
  readonly faults: readonly PolicyFault[]
}> {
  const loaded: LoadedPolicy[] = []
  const faults: PolicyFault[] = []
  // One after the other: a commit with fifty policies must not start fifty compilers.
  for (const source of policies) {
    try {
      loaded.push({ source, compiled: await compileOne(deps, source, lib) })
    } catch (error) {
      if (!(error instanceof PolicyLoadError)) throw error
      faults.push(...error.faults)
    }
  }
  return { policies: loaded, faults: distinct(faults) }
}

async function compileOne(
  { packaged, compile }: Pick<LoaderDeps, 'packaged' | 'compile'>,
  source: PolicySource,
  lib: readonly RegoFile[],
): Promise<CompiledPolicy> {
  const shipped = packaged(source, lib)
  if (shipped !== undefined) return shipped
  if (compile !== undefined) return compile(source, lib)
  const message = 'is not one of the packaged policies, and this machine has no opa to compile it'
  const remedy = 'put opa on PATH or name it in OPA_BIN (docs/policies.md)'
  const fault = { file: source.path, line: 1, column: 1, code: 'compiler_missing' as const, message, remedy }
  throw new PolicyLoadError('no_compiler', [fault])
}

function codeOf(faults: readonly PolicyFault[]): PolicyLoadError['code'] {
  const codes = new Set(faults.map(({ code }) => code))
  if (codes.delete('compiler_trouble') && codes.size === 0) return 'trouble'
  if (codes.delete('compiler_missing') && codes.size === 0) return 'no_compiler'
  return 'invalid'
}

/** A fault of the library shows up once for every policy. */
function distinct(faults: readonly PolicyFault[]): readonly PolicyFault[] {
  return [...new Map(faults.map((fault) => [JSON.stringify(fault), fault])).values()]
}

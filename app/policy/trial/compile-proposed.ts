import { readDirectory } from '../../identity/directory.ts'
import { compileAll, type LoaderDeps } from '../load.ts'
import { readSources } from '../sources.ts'
import type { PolicyFiles } from './read-policies.ts'

/** What compiling proposed files comes to: every fault of theirs, the policies without them, the data where it is whole. */
export async function compileProposed(
  deps: Pick<LoaderDeps, 'packaged' | 'compile'>,
  { files, faults }: PolicyFiles,
) {
  const sources = readSources(files)
  const data = readDirectory(files)
  const compiled = await compileAll(deps, sources.policies, sources.lib)
  return {
    data,
    policies: compiled.policies,
    faults: [...faults, ...sources.faults, ...(data.ok ? [] : data.faults), ...compiled.faults],
  }
}

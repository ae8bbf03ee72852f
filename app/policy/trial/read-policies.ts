import { hash } from 'node:crypto'
import type { Mirror, Sha, TreeEntry } from '../../reconcile/ports/git.ts'
import { plainMode } from '../../request/plain.ts'
import type { PolicyFault, PolicyFaultCode } from '../policy-fault.ts'

const mostFiles = 1000
const largestFile = 1024 * 1024
const largestWhole = 16 * 1024 * 1024

export type PolicyFiles = {
  /** Path → bytes; plain files only, and empty where `faults` says that there is too much. */
  readonly files: ReadonlyMap<string, Uint8Array>
  /** What a loader would leave out, or choke on. */
  readonly faults: readonly PolicyFault[]
}

/** Everything below `policies/` at a commit that is in the mirror. Throws `GitError`. */
export async function readPolicies(mirror: Pick<Mirror, 'tree' | 'blob'>, commit: Sha): Promise<PolicyFiles> {
  const entries = await mirror.tree(commit, 'policies/')
  const whole = entries.reduce((sum, { size }) => sum + size, 0)
  if (entries.length > mostFiles || whole > largestWhole) {
    const message = `holds more than ${mostFiles} files or ${largestWhole / 1024 / 1024} MiB`
    return { files: new Map(), faults: [fault('policies', 'too_many', message)] }
  }
  const faults: PolicyFault[] = []
  const files = new Map<string, Uint8Array>()
  const folded = new Set<string>()
  for (const entry of entries) {
    const wrong = faultOf(entry, folded)
    if (wrong === undefined) files.set(entry.path, await mirror.blob(entry.sha, largestFile))
    else faults.push(wrong)
  }
  return { files, faults }
}

/** Digest of every path and its bytes. */
export const contentOf = ({ files }: PolicyFiles): string =>
  hash('sha256', JSON.stringify([...files].map(([path, bytes]) => [path, hash('sha256', bytes)]).sort()))

function faultOf({ path, mode, size }: TreeEntry, folded: Set<string>): PolicyFault | undefined {
  const fold = path.normalize('NFKC').toLowerCase()
  if (folded.has(fold)) return fault(path, 'collision', 'differs from another file by case or form only')
  folded.add(fold)
  if (mode !== plainMode)
    return fault(path, 'mode', `has mode ${mode}; a policy file is a plain one, ${plainMode}`)
  return size > largestFile ? fault(path, 'too_large', 'is larger than 1 MiB') : undefined
}

const fault = (file: string, code: PolicyFaultCode, message: string): PolicyFault => ({
  file,
  line: 1,
  column: 1,
  code,
  message,
  remedy: 'take it out, or make it a plain and smaller file',
})

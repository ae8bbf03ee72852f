import { readFileSync } from 'node:fs'
import { readDirectory } from '../identity/directory.ts'
import type { RegoVersion } from './compile.ts'
import { compileAll, type LoaderDeps } from './load.ts'
import type { PolicyFault } from './policy-fault.ts'
import { type PolicySource, readSources } from './sources.ts'

/** What `policy check` and `policy list` print; `faults` empty means that a service would load it. */
export type PolicyReport = {
  readonly policies: readonly (Pick<PolicySource, 'name' | 'type' | 'path' | 'root'> & {
    /** SHA-256 hex of its wasm. */
    readonly wasm: string
    readonly rego: RegoVersion
  })[]
  /** Worth knowing, and no fault. */
  readonly notes: readonly { readonly file: string; readonly message: string }[]
  readonly faults: readonly PolicyFault[]
}

export const requestSchemaFile = 'schemas/access-request.v1.json'

/**
 * Checks everything a commit holds for policies: sources, library, data, and whether its copy of the request
 * schema is the one enforced (trust.md 1.7). `files`: path → bytes, `policies/…` and, where it is there, the
 * schema. Never throws for what is in them.
 */
export async function checkPolicies(
  deps: Pick<LoaderDeps, 'packaged' | 'compile'>,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<PolicyReport> {
  const sources = readSources(files)
  const data = readDirectory(files)
  const compiled = await compileAll(deps, sources.policies, sources.lib)
  return {
    policies: compiled.policies.map(({ source: { name, type, path, root }, compiled: { digest, rego } }) => ({
      name,
      type,
      path,
      root,
      wasm: digest,
      rego,
    })),
    notes: [
      ...sources.tests.map(({ path }) => ({
        file: path,
        message: 'a test: run by `policy test`, never loaded',
      })),
      ...compiled.policies.flatMap(({ source, compiled: { rego } }) =>
        rego === 'v0'
          ? [{ file: source.path, message: 'compiled as Rego v0; `opa fmt --v0-v1 --write` brings it to v1' }]
          : [],
      ),
      ...schemaNote(files.get(requestSchemaFile)),
    ],
    faults: [...sources.faults, ...(data.ok ? [] : data.faults), ...compiled.faults],
  }
}

function schemaNote(theirs: Uint8Array | undefined): PolicyReport['notes'] {
  if (theirs === undefined) return []
  const ours = readFileSync(new URL(`../../${requestSchemaFile}`, import.meta.url))
  if (ours.equals(theirs)) return []
  return [
    {
      file: requestSchemaFile,
      message: 'differs from the schema that gitsudo enforces; only editors read this copy',
    },
  ]
}

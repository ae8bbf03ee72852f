import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { type CompiledPolicy, type RegoVersion, sourcesDigest } from './compile.ts'
import { PolicyLoadError } from './policy-fault.ts'
import type { PolicySource, RegoFile } from './sources.ts'

/** What `scripts/package-policies.ts` writes beside the wasm; `npm run test:policy` proves it fresh. */
export type PackagedManifest = {
  /** Version of the opa that compiled. */
  readonly compiler: string
  /** SHA-256 hex of capabilities.json. */
  readonly capabilities: string
  readonly policies: readonly {
    readonly path: string
    /** `sourcesDigest` of policy, library, capabilities and compiler. */
    readonly sources: string
    readonly wasm: string
    readonly rego: RegoVersion
    readonly hasAllow: boolean
  }[]
}

/** Same depth from app/policy and dist/policy, so that the package ships these files once. */
export const packagedFolder = new URL('../../app/policy/packaged/', import.meta.url)

/** Which built-ins policies may use: none of network, runtime or chance, and only what the host evaluates. */
export const readCapabilities = (): Uint8Array => readFileSync(new URL('capabilities.json', packagedFolder))

const readManifest = (): PackagedManifest =>
  JSON.parse(readFileSync(new URL('manifest.json', packagedFolder), 'utf8'))

/** The default policies' wasm for sources that are byte for byte the packaged ones; undefined for others. */
export function createPackaged(): (
  policy: PolicySource,
  lib: readonly RegoFile[],
) => CompiledPolicy | undefined {
  const capabilities = readCapabilities()
  const { compiler, policies } = readManifest()
  const kept = new Map<string, CompiledPolicy>()
  return (policy, lib) => {
    const sources = sourcesDigest(policy, lib, capabilities, compiler)
    const known = kept.get(sources)
    if (known !== undefined) return known
    const entry = policies.find((candidate) => candidate.sources === sources)
    if (entry === undefined) return undefined
    const wasm = readFileSync(new URL(`${policy.name}.wasm`, packagedFolder))
    const digest = hash('sha256', wasm)
    if (digest !== entry.wasm) {
      const message = `the packaged wasm of ${policy.name} is not the one its manifest names`
      const fault = { file: policy.path, line: 1, column: 1, code: 'compiler_trouble' as const, message }
      throw new PolicyLoadError('trouble', [{ ...fault, remedy: 'install gitsudo again' }])
    }
    const compiled = { wasm, digest, rego: entry.rego, hasAllow: entry.hasAllow }
    kept.set(sources, compiled)
    return compiled
  }
}

/** Packaged wasm by its own digest, whatever the sources that are asked about; undefined where none has it. */
export function packagedByDigest(digest: string): CompiledPolicy | undefined {
  const entry = readManifest().policies.find(({ wasm }) => wasm === digest)
  if (entry === undefined) return undefined
  const wasm = readFileSync(new URL(`${basename(entry.path, '.rego')}.wasm`, packagedFolder))
  return hash('sha256', wasm) === digest
    ? { wasm, digest, rego: entry.rego, hasAllow: entry.hasAllow }
    : undefined
}

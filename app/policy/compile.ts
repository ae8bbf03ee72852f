import { hash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileInArchive } from './archive.ts'
import { type Opa, OpaError, runOpa } from './opa.ts'
import { type PolicyFault, PolicyLoadError } from './policy-fault.ts'
import type { PolicySource, RegoFile } from './sources.ts'

/** One policy as wasm. `digest`: SHA-256 hex of it. */
export type CompiledPolicy = {
  readonly wasm: Uint8Array
  readonly digest: string
  /** `v0` only where a jitsudo policy does not compile as v1. */
  readonly rego: RegoVersion
  /** Whether the package has an `allow` rule, which an approval policy may be asked per reviewer. */
  readonly hasAllow: boolean
}
export type RegoVersion = 'v1' | 'v0'

/** Compiles one policy with the library. Throws `PolicyLoadError` with every fault of the sources. */
export type CompilePolicy = (policy: PolicySource, lib: readonly RegoFile[]) => Promise<CompiledPolicy>

/**
 * What a compiled policy depends on: its own source, the library, the capabilities and the compiler.
 * Paths count: Rego's run-time errors carry them.
 */
export function sourcesDigest(
  policy: RegoFile,
  lib: readonly RegoFile[],
  capabilities: Uint8Array,
  compiler: string,
): string {
  const parts = [compiler, hash('sha256', capabilities), lineOf(policy), lib.map(lineOf).sort()]
  return hash('sha256', JSON.stringify(parts))
}

/** Each file is read once: a commit may bring hundreds of policies, and a library of many megabytes for each of them. */
const lines = new WeakMap<RegoFile, readonly [path: string, digest: string]>()
const lineOf = (file: RegoFile) => {
  const line = lines.get(file) ?? ([file.path, hash('sha256', file.text)] as const)
  lines.set(file, line)
  return line
}

/** `capabilities`: the file that says which built-ins policies may use. Results are kept by `sourcesDigest`. */
export function createCompiler(
  opa: Opa,
  capabilities: Uint8Array,
  { timeoutMs = 20_000, signal }: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
): CompilePolicy {
  const tools = { opa, capabilities, timeoutMs, signal }
  const kept = new Map<string, Promise<CompiledPolicy>>()
  return (policy, lib) => {
    const key = sourcesDigest(policy, lib, capabilities, opa.version)
    const known = kept.get(key)
    if (known !== undefined) return known
    const compiled = compile(tools, policy, lib)
    kept.set(key, compiled)
    compiled.catch(() => kept.delete(key))
    return compiled
  }
}

type Tools = {
  readonly opa: Opa
  readonly capabilities: Uint8Array
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

async function compile(
  tools: Tools,
  policy: PolicySource,
  lib: readonly RegoFile[],
): Promise<CompiledPolicy> {
  const folder = await mkdtemp(join(tmpdir(), 'gitsudo-rego-'))
  try {
    const bundle = join(folder, 'bundle')
    for (const file of [policy, ...lib]) {
      await mkdir(dirname(join(bundle, file.path)), { recursive: true })
      await writeFile(join(bundle, file.path), file.text)
    }
    await writeFile(join(folder, 'capabilities.json'), tools.capabilities)
    const first = await build(tools, folder, policy, 'v1')
    if (first.ok) return first.compiled
    if (policy.root === 'gitsudo') throw new PolicyLoadError('invalid', first.faults)
    const second = await build(tools, folder, policy, 'v0')
    if (second.ok) return second.compiled
    const readsAsV0 = second.faults.every((fault) => fault.code !== 'rego_parse_error')
    throw new PolicyLoadError('invalid', readsAsV0 ? second.faults : first.faults)
  } catch (cause) {
    if (!(cause instanceof OpaError)) throw cause
    const fault = { file: policy.path, line: 1, column: 1, message: cause.message }
    if (cause.code === 'limit') {
      const limit = { ...fault, code: 'limit' as const, remedy: 'write it simpler, or split it' }
      throw new PolicyLoadError('invalid', [limit], { cause })
    }
    const remedy = 'look at this machine, not at the policy; it is tried again'
    throw new PolicyLoadError('trouble', [{ ...fault, code: 'compiler_trouble', remedy }], { cause })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

type Build =
  | { readonly ok: true; readonly compiled: CompiledPolicy }
  | { readonly ok: false; readonly faults: readonly PolicyFault[] }

async function build(
  { opa, timeoutMs, signal }: Tools,
  folder: string,
  policy: PolicySource,
  rego: RegoVersion,
): Promise<Build> {
  const cwd = join(folder, 'bundle')
  const run = (...args: string[]) => runOpa(opa, args, { timeoutMs, cwd, signal })
  const common = ['--bundle', '.', '--capabilities', '../capabilities.json']
  const manifest = {
    roots: [''],
    rego_version: 1,
    file_rego_versions: rego === 'v0' ? { [`/${policy.path}`]: 0 } : {},
  }
  await writeFile(join(cwd, '.manifest'), JSON.stringify(manifest))
  const archive = join(folder, `${rego}.tar.gz`)
  const entrypoint = entrypointOf(policy)
  const built = await run(
    'build',
    '--target',
    'wasm',
    ...common,
    '--entrypoint',
    entrypoint,
    '--output',
    archive,
  )
  if (!built.ok) {
    const checked = await run('check', '--format', 'json', '--max-errors', '100', ...common)
    return {
      ok: false,
      faults: faultsOf(policy, checked.ok ? built.stderr : checked.stderr || checked.stdout),
    }
  }
  const wasm = fileInArchive(await readFile(archive), 'policy.wasm')
  if (wasm === undefined) throw new OpaError('not_runnable', `${opa.path} built no policy.wasm`)
  const parsed = await run(
    'parse',
    '--format',
    'json',
    ...(rego === 'v0' ? ['--v0-compatible'] : []),
    policy.path,
  )
  if (!parsed.ok)
    throw new OpaError('not_runnable', `${opa.path} built what it cannot parse: ${parsed.stderr}`)
  return {
    ok: true,
    compiled: { wasm, digest: hash('sha256', wasm), rego, hasAllow: hasAllow(parsed.stdout) },
  }
}

/** The package itself: one evaluation gives every rule's value. */
export const entrypointOf = ({ root, type }: Pick<PolicySource, 'root' | 'type'>): string => `${root}/${type}`

function hasAllow(syntaxTree: string): boolean {
  const module: { rules?: readonly { head: { ref?: readonly { value: unknown }[] } }[] } =
    JSON.parse(syntaxTree)
  return (module.rules ?? []).some((rule) => rule.head.ref?.[0]?.value === 'allow')
}

type OpaErrors = {
  readonly errors?: readonly {
    readonly message: string
    readonly code: `rego_${string}`
    readonly location?: { readonly file: string; readonly row: number; readonly col: number }
  }[]
}

function faultsOf(policy: PolicySource, said: string): readonly PolicyFault[] {
  let errors: OpaErrors['errors']
  try {
    errors = (JSON.parse(said) as OpaErrors).errors
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
  }
  const fallback = [{ message: said.trim(), code: 'rego_compile_error' as const, location: undefined }]
  return (errors ?? fallback).map(({ message, code, location }) => ({
    file: location?.file.replace(/^(\.?\/)+/, '') || policy.path,
    line: location?.row ?? 1,
    column: location?.col ?? 1,
    code,
    message,
    remedy: remedyFor(code, message, policy),
  }))
}

function remedyFor(code: string, message: string, policy: PolicySource): string {
  if (message.startsWith('undefined function')) {
    return 'policies have no network, randomness or environment; docs/policies.md lists the built-ins'
  }
  if (code === 'rego_parse_error' && policy.root === 'gitsudo') return 'write Rego v1 (`opa fmt` helps)'
  return 'mend the rule; `gitsudo policy check` says when it is right'
}

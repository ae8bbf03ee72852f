import { execFileSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createCompiler, sourcesDigest } from '../app/policy/compile.ts'
import { readFolder } from '../app/policy/folder.ts'
import { findOpa, runOpa } from '../app/policy/opa.ts'
import { type PackagedManifest, packagedFolder } from '../app/policy/packaged.ts'
import { readSources } from '../app/policy/sources.ts'
import { timeBuiltins } from '../app/policy/time-builtins.ts'

/**
 * Compiles the default policies into app/policy/packaged/, or with `--check` says what there is not what
 * they compile to. Run by `npm run test:policy` and after every change of policies/*.rego.
 */
/** Built-ins that opa 1.22 compiles into the wasm itself, syntax included; nothing of network, runtime or chance. */
const inWasm =
  `abs all and any array.concat array.flatten array.reverse array.slice assign base64.decode base64.encode
base64.is_valid base64url.decode base64url.encode bits.and bits.lsh bits.negate bits.or bits.rsh bits.xor ceil concat
contains count div endswith eq equal floor format_int glob.match graph.reachable gt gte indexof internal.member_2
internal.member_3 internal.print internal.template_string intersection is_array is_boolean is_null is_number is_object
is_set is_string json.filter json.is_valid json.marshal json.remove json.unmarshal lower lt lte max min minus mul
net.cidr_contains net.cidr_intersects net.cidr_overlap neq numbers.range object.filter object.get object.keys
object.remove object.union object.union_n or plus print product re_match regex.find_all_string_submatch_n
regex.is_valid regex.match rem replace round set_diff sort split startswith strings.replace_n strings.reverse substring
sum to_number trim trim_left trim_prefix trim_right trim_space trim_suffix type_name union upper walk`.split(
    /\s+/,
  )
const inHost = ['sprintf', ...Object.keys(timeBuiltins(() => 0))]
const features = ['keywords_in_refs', 'rego_v1', 'template_strings']

const path = execFileSync(fileURLToPath(new URL('opa', import.meta.url)), { encoding: 'utf8' }).trim()
const opa = await findOpa({ OPA_BIN: path })
if (opa === undefined) throw new Error('scripts/opa named no opa')

const current: { builtins: { name: string; nondeterministic?: boolean }[] } = JSON.parse(
  (await runOpa(opa, ['capabilities', '--current'], { timeoutMs: 20_000 })).stdout,
)
const builtins = current.builtins.filter(({ name }) => inWasm.includes(name) || inHost.includes(name))
const absent = [...inWasm, ...inHost].filter((name) => !builtins.some((builtin) => builtin.name === name))
if (absent.length > 0) throw new Error(`this opa has no ${absent.join(', ')}`)
const abi = [1, 2].map((minor) => ({ version: 1, minor_version: minor }))
// Without the empty list the type checker fetches any schema that an annotation names.
const allowed = { builtins, allow_net: [], features, wasm_abi_versions: abi }
const capabilities = Buffer.from(`${JSON.stringify(allowed, null, 1)}\n`)

const { policies, lib, faults } = readSources(readFolder('.'))
if (faults.length > 0)
  throw new Error(faults.map(({ file, line, message }) => `${file}:${line}: ${message}`).join('\n'))
const compile = createCompiler(opa, capabilities)
const files = new Map<string, Uint8Array>([['capabilities.json', capabilities]])
const entries: PackagedManifest['policies'][number][] = []
for (const policy of policies) {
  const { wasm, digest, rego, hasAllow } = await compile(policy, lib)
  const sources = sourcesDigest(policy, lib, capabilities, opa.version)
  files.set(`${policy.name}.wasm`, wasm)
  entries.push({ path: policy.path, sources, wasm: digest, rego, hasAllow })
}
const manifest = { compiler: opa.version, capabilities: hash('sha256', capabilities), policies: entries }
files.set('manifest.json', Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`))

mkdirSync(packagedFolder, { recursive: true })
const there = readdirSync(packagedFolder)
const stale = there.filter((name) => !files.has(name))
const changed = [...files].filter(
  ([name, bytes]) => !there.includes(name) || !readFileSync(new URL(name, packagedFolder)).equals(bytes),
)
if (process.argv.includes('--check')) {
  for (const name of stale) console.error(`app/policy/packaged/${name}: no policy is called so`)
  for (const [name] of changed)
    console.error(`app/policy/packaged/${name}: is not what policies/ compiles to`)
  if (stale.length + changed.length > 0) {
    console.error('run: node scripts/package-policies.ts')
    process.exit(1)
  }
  console.log(`${policies.length} packaged policies are fresh (opa ${opa.version})`)
} else {
  for (const name of stale) rmSync(new URL(name, packagedFolder))
  for (const [name, bytes] of changed) writeFileSync(new URL(name, packagedFolder), bytes)
  console.log(`${policies.length} policies packaged, ${changed.length} files written (opa ${opa.version})`)
}

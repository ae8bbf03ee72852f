import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { cruise } from 'dependency-cruiser'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { directions } from '../../scripts/directions.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const rooms = [
  'request/x',
  'identity/x',
  'decision/x',
  'grant/x/y',
  'audit/x/y',
  'policy/input',
  'policy/result',
  'policy/fold',
]
/** A line each that rule 1 of app/DESIGN.md forbids. */
const impure = [
  'export const chance = () => Math.random()',
  'export const now = () => Date.now()',
  'export const ticks = () => performance.now()',
  'export const home = () => process.env.HOME',
  'export const around = () => globalThis.process',
  'export const wait = () => setTimeout(() => 1, 1)',
  'export const often = () => setInterval(() => 1, 1)',
  'export const soon = () => setImmediate(() => 1)',
  'export const ask = () => fetch("http://a.example")',
  'export const say = () => console.log("a")',
  'export const id = () => crypto.randomUUID()',
  "export { randomUUID } from 'node:crypto'",
  "import { hash, randomBytes } from 'node:crypto'\nexport const salt = () => hash('sha256', randomBytes(8))",
  "import * as all from 'node:crypto'\nexport const some = () => all.randomBytes(8)",
  "import every from 'node:crypto'\nexport const key = () => every.generateKeyPairSync('ed25519')",
]
const pure = [
  'export const least = (a: number) => Math.min(a, 1)',
  "import { createHmac, hash, type KeyObject, sign, timingSafeEqual, verify } from 'node:crypto'\nexport const of = [createHmac, hash, sign, timingSafeEqual, verify]\nexport type Of = KeyObject",
]
const modules = ['process', 'fs', 'timers/promises', 'perf_hooks', 'worker_threads', 'net', 'module', 'vm']

let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gitsudo-purity-'))
  await cp(join(root, 'biome.json'), join(dir, 'biome.json'))
  await cp(join(root, 'scripts', 'no-random.grit'), join(dir, 'scripts', 'no-random.grit'))
})
afterAll(() => rm(dir, { recursive: true }))

const put = async (name: string, text: string) => {
  const path = join(dir, 'app', `${name}.ts`)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, `${text}\n`)
}
/** Which of these texts, each a file of its own, the linter refuses in a room. */
const refused = async (folder: string, texts: readonly string[]): Promise<readonly string[]> => {
  const args = ['lint', '--vcs-enabled=false', '--reporter=json', '--max-diagnostics=none', `app/${folder}`]
  const ran = promisify(execFile)(join(root, 'node_modules', '.bin', 'biome'), args, { cwd: dir })
  const { stdout } = await ran.catch((error: unknown) => error as { readonly stdout: string })
  return texts.filter((_, at) => stdout.includes(`/${at}-of-these.ts`))
}

test.each(['request', 'identity', 'decision', 'grant/inner', 'audit/inner'])(
  'the linter refuses time, chance, environment and I/O in %s, and nothing else',
  async (room) => {
    const texts = [...impure, ...pure]
    for (const [at, text] of texts.entries()) await put(`${room}/${at}-of-these`, text)
    expect(await refused(room, texts)).toEqual(impure)
  },
)

test.each(rooms)('of Node’s modules %s may take node:crypto alone', async (room) => {
  const taken = [...modules, 'crypto'].map((name) => `import 'node:${name}'`)
  await put(room, taken.join('\n'))
  const { output } = await cruise([`app/${room}.ts`], {
    baseDir: dir,
    tsPreCompilationDeps: true,
    ruleSet: { forbidden: directions.forbidden ?? [] },
    validate: true,
  })
  if (typeof output === 'string') throw new Error('dependency-cruiser answered with text')
  expect(output.summary.violations.map(({ to }) => to.replace('node:', '')).toSorted()).toEqual(
    modules.toSorted(),
  )
})

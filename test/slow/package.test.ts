import { execFile, spawn } from 'node:child_process'
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))
let dir: string

/** As a person has it: built, packed, installed into an empty folder. */
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gitsudo-package-'))
  // Its prepack builds.
  const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', dir], { cwd: root })
  const filename = stdout.trim().split('\n').at(-1)
  await run('npm', ['init', '--yes'], { cwd: dir })
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', `./${filename}`], { cwd: dir })
})
afterAll(async () => {
  await rm(dir, { recursive: true, force: true })
  await rm(join(root, 'dist'), { recursive: true, force: true })
})

const entry = () => join(dir, 'node_modules', 'gitsudo', 'bin', 'gitsudo.js')
const gitsudo = (...args: readonly string[]) => run(process.execPath, [entry(), ...args], { cwd: dir })

test('the installed package says its version and helps', async () => {
  expect((await gitsudo('version')).stdout).toMatch(/^gitsudo \d+\.\d+\.\d+\n$/)
  expect((await gitsudo('--help')).stdout).toContain('status')
})

test('it brings the schema of every event', async () => {
  const events = (folder: string) => readdir(join(folder, 'schemas', 'events'))
  expect(await events(join(dir, 'node_modules', 'gitsudo'))).toEqual(await events(root))
})

test('the packaged policies load and answer without a compiler', async () => {
  await cp(join(root, 'policies'), join(dir, 'policies'), { recursive: true })
  expect((await gitsudo('policy', 'check', dir)).stdout).toContain('roles')
})

test('what needs a configuration says which', async () => {
  await expect(gitsudo('server', 'start', '--config', join(dir, 'none.yaml'))).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('none.yaml'),
  })
})

test('the sandbox comes up, answers a person, and stops on Ctrl-C', async () => {
  const child = spawn(process.execPath, [entry(), 'sandbox'], {
    cwd: dir,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise((done) => child.once('exit', done))
  const given: Record<string, string> = {}
  for await (const line of createInterface({ input: child.stdout })) {
    const [, name, value] = /^ *export (GITSUDO_\w+)=(\S+)$/.exec(line) ?? []
    if (name !== undefined && value !== undefined) given[name] = value
    if (line.startsWith('Ctrl-C')) break
  }
  try {
    const { stdout } = await run(process.execPath, [entry(), 'status'], {
      cwd: dir,
      env: { ...process.env, ...given },
    })
    expect(stdout).toBe('No requests.\n')
  } finally {
    child.kill('SIGINT')
  }
  expect(await ended).toBe(0)
})

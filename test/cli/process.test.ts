import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { processDeps } from '../../app/cli/process.ts'
import type { Server } from '../../app/server/server.ts'
import { active, waiting, world } from '../server/world.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { configured, ended, script, startIn } from './bin.ts'

let server: Server
let address = ''
let dir = ''
beforeAll(async () => {
  server = world().server
  address = await server.listen({ host: '127.0.0.1', port: 0 })
  dir = await mkdtemp(join(tmpdir(), 'gitsudo-bin-'))
})
afterAll(async () => {
  await server.stop()
  await rm(dir, { recursive: true, force: true })
})

const start = (argv: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  startIn(dir, argv, { GITSUDO_SERVER: address, GITSUDO_TOKEN: 'token-alice', ...env })
const run = (...given: Parameters<typeof start>) => ended(start(...given))

describe('bin/gitsudo.js', () => {
  it('prints a manifest that sends the browser back to where it was told', async () => {
    const urls = ['--url', 'https://host.example', '--redirect-url', 'https://back.example']
    const { status, out } = await run(['server', 'init', '--print-manifest', ...urls])
    expect([status, JSON.parse(out).redirect_url]).toEqual([0, 'https://back.example'])
  })

  it.each([
    ['0 when all is well', ['status'], 0],
    ['1 when refused', ['exec', waiting, '--', 'env'], 1],
    ['2 on wrong usage', ['status', '--colour'], 2],
    ['2 on an unknown command', ['dance'], 2],
    ['0 for help', ['--help'], 0],
    ['0 for the help of a command', ['audit', 'verify', '--help'], 0],
  ])('ends with %s', async (_, argv, status) => {
    expect(await run(argv)).toMatchObject({ status })
  })

  it.each([
    ['a command', [], /^Usage: gitsudo \[options\] \[command\]\n[\s\S]*\n {2}status /],
    ['a verb of policy', ['policy'], /^Usage: gitsudo policy \[options\] \[command\]\n[\s\S]*\n {2}list /],
    ['a verb of server', ['server'], /^Usage: gitsudo server \[options\] \[command\]\n[\s\S]*\n {2}start /],
  ])('shows what there is, and ends with 2, without %s', async (_, argv, help) => {
    expect(await run(argv)).toEqual({ status: 2, out: '', err: expect.stringMatching(help) })
  })

  it('ends with 3 when it could not tell', async () => {
    expect(await run(['status'], { GITSUDO_SERVER: 'http://127.0.0.1:1' })).toMatchObject({
      status: 3,
      out: '',
    })
  })

  it('reports every fault of a configuration before anything starts', async () => {
    const { status, err } = await run(['server', 'start', '--config', '/nowhere.yaml'])
    expect([status, err]).toEqual([
      2,
      expect.stringMatching(/^gitsudo: \/nowhere\.yaml: 1 fault\n {2}file: does not exist\n/),
    ])
  })

  const waitsFor = 'waiting for the database'

  it('ends with 2 and the key where a signing key is none', async () => {
    const { config, env } = await configured()
    const { status, err } = await run(['server', 'key', '--config', config], {
      ...env,
      GITSUDO_SIGNING_KEY: 'no PEM',
    })
    expect([status, err]).toEqual([2, expect.stringContaining('keys.signing_files: GITSUDO_SIGNING_KEY')])
  })

  it('waits for PostgreSQL until it is told to stop', async () => {
    const { config, env } = await configured()
    const child = start(['server', 'start', '--config', config], env)
    if (child.stdout === null) throw new Error('no output')
    const said: string[] = []
    for await (const line of createInterface({ input: child.stdout })) {
      const { msg } = JSON.parse(line) as { msg: string }
      if (said.push(msg) === 2) child.kill('SIGTERM')
    }
    const [status] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode]
    expect([status, said[0], said[1], said.at(-1)]).toEqual([0, waitsFor, waitsFor, 'stopped'])
  })

  it('waits for PostgreSQL alone: what else keeps the service from starting ends it', async () => {
    const { config, env } = await configured()
    const { status, err } = await run(['server', 'start', '--config', config], { ...env, OPA_BIN: script })
    expect([status, err]).toEqual([3, expect.stringContaining(script)])
  })

  it('does nothing with a database that belongs to another instance', async () => {
    const { config, env } = await configured()
    const { ownerUrl, appUrl: DATABASE_URL, drop } = await createTestDatabase()
    onTestFinished(drop)
    const under = (instance: string, ...argv: readonly string[]) =>
      run([...argv, '--config', config], { ...env, DATABASE_URL, GITSUDO_INSTANCE: instance })
    expect(await under('acme.example', 'sweep', '--once')).toEqual({
      status: 3,
      out: '',
      err: 'gitsudo: This database belongs to no instance yet.\n  → gitsudo server init\n',
    })
    const owner = { ...env, DATABASE_URL, GITSUDO_OWNER_DATABASE_URL: ownerUrl }
    expect(await run(['server', 'init', '--config', config], owner)).toMatchObject({ status: 0 })
    expect(await under('acme.example', 'sweep', '--once')).toMatchObject({ status: 0 })
    const refusal =
      /^gitsudo: This database belongs to the instance acme\.example\.\n {2}→ instance never changes once it is initialised: .*\n$/
    const commands = ['server start', 'sweep --once', 'provider reconcile']
    const answers = await Promise.all(commands.map((argv) => under('other.example', ...argv.split(' '))))
    for (const { status, err } of answers) expect([status, err]).toEqual([1, expect.stringMatching(refusal)])
  })
})

describe('exec', () => {
  it('puts credentials into the child, and nothing on disk', async () => {
    const { status, out } = await run([
      'exec',
      active,
      '--',
      'sh',
      '-c',
      'echo "token: $MOCK_TOKEN"; ls -A; exit 42',
    ])
    expect({ status, out }).toEqual({ status: 42, out: 'token: swordfish-swordfish\n' })
    expect(await readdir(dir)).toEqual([])
  })

  it('passes signals on, and the child’s end back', async () => {
    const child = start([
      'exec',
      active,
      '--',
      'sh',
      '-c',
      'trap "echo stopped; exit 9" TERM; echo ready; while :; do sleep 0.1; done',
    ])
    const lines: string[] = []
    if (child.stdout === null) throw new Error('no output')
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line)
      if (line === 'ready') child.kill('SIGTERM')
    }
    const status = child.exitCode ?? (await once(child, 'exit'))[0]
    expect({ status, lines }).toEqual({ status: 9, lines: ['ready', 'stopped'] })
  })

  it.each([
    ['its own end', 'exit 0'],
    ['a signal', 'trap "exit 0" TERM; echo ready; while :; do sleep 0.1; done'],
    ['one that ends it', 'kill -KILL $$'],
  ])('keeps a file that a tool demands until %s, for its owner only', async (_, end) => {
    const home = await mkdtemp(join(dir, 'tmp-'))
    const script = `stat -c %a "$MOCK_FILE" "$(dirname "$MOCK_FILE")"; cat "$MOCK_FILE"; echo; ${end}`
    const child = start(['exec', active, '--', 'sh', '-c', script], { TMPDIR: home })
    const lines: string[] = []
    if (child.stdout === null) throw new Error('no output')
    for await (const line of createInterface({ input: child.stdout })) {
      if (line === 'ready') child.kill('SIGTERM')
      else lines.push(line)
    }
    if (child.exitCode === null) await once(child, 'exit')
    expect(lines).toEqual(['600', '700', 'kept-in-a-file'])
    expect(await readdir(home)).toEqual([])
    await rm(home, { recursive: true })
  })

  it('says 128 + n for a child that a signal ended', async () => {
    expect((await run(['exec', active, '--', 'sh', '-c', 'kill -KILL $$'])).status).toBe(137)
  })

  it('goes on beside a command that has become somebody else’s, and says that no signal reaches it', async () => {
    // What the kernel says to a user who signals another user's process, of whom a test may have but one.
    const preload = `import { subscribe } from 'node:diagnostics_channel'
      subscribe('child_process', ({ process: child }) => {
        child._handle.kill = () => -${constants.errno.EPERM}
      })`
    const ended = join(dir, 'ended')
    const script = `echo ready; while ! [ -e ${ended} ]; do sleep 0.1; done; exit 9`
    const child = start(['exec', active, '--', 'sh', '-c', script], {
      NODE_OPTIONS: `--import data:text/javascript;base64,${Buffer.from(preload).toString('base64')}`,
    })
    const [out, err] = [child.stdout, child.stderr]
    if (out === null || err === null) throw new Error('no output')
    out.once('data', () => child.kill('SIGTERM'))
    let said = ''
    err.on('data', async (text) => {
      if (said === '') await writeFile(ended, '')
      said += String(text)
    })
    const [status] = await once(child, 'close')
    expect([status, said]).toEqual([
      9,
      expect.stringMatching(/sh gets no signal from us \(kill EPERM\): .*\r\n$/),
    ])
    await rm(ended)
  })

  it('says when there is no such command', async () => {
    expect(await run(['exec', active, '--', 'no-such-command'])).toMatchObject({
      status: 2,
      err: 'gitsudo: no-such-command: there is no such command.\n',
    })
  })
})

describe('a file that is written', () => {
  const { writeFile: writeOnce } = processDeps()
  const path = () => join(dir, 'export.jsonl')
  const lines = async (write: (text: string) => Promise<void>) => {
    for (let line = 0; line < 20_000; line += 1) await write(`{"line":${line}}\n`)
    return 'done'
  }

  it('is new, and only its owner can read it', async () => {
    expect(await writeOnce(path(), lines)).toBe('done')
    expect((await readFile(path(), 'utf8')).trimEnd().split('\n')).toHaveLength(20_000)
    expect((await stat(path())).mode & 0o777).toBe(0o600)
    await expect(writeOnce(path(), lines)).rejects.toThrow('is there already')
    await rm(path())
  })

  it('is not there, under any name, if what fills it fails', async () => {
    const before = await readdir(dir)
    const broken = async (write: (text: string) => Promise<void>) => {
      await lines(write)
      throw new Error('the database went away')
    }
    await expect(writeOnce(path(), broken)).rejects.toThrow('the database went away')
    expect(await readdir(dir)).toEqual(before)
    await expect(writeOnce(join(dir, 'no', 'such', 'folder'), lines)).rejects.toThrow('cannot be written')
  })
})

import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { until } from '../../app/sandbox/until.ts'
import type { Server } from '../../app/server/server.ts'
import { active, world } from '../server/world.ts'
import { inTerminal } from './terminal.ts'

const script = fileURLToPath(new URL('../../bin/gitsudo.js', import.meta.url))
let server: Server
let address = ''
let home = ''
let files = ''
let lastsMs = 600_000
beforeAll(async () => {
  const given = {
    ok: true,
    environment: { MOCK_TOKEN: 'swordfish-swordfish' },
    files: { MOCK_FILE: 'kept-in-a-file' },
  } as const
  server = world({ credentials: async () => ({ ...given, expiresAt: Date.now() + lastsMs }) }).server
  address = await server.listen({ host: '127.0.0.1', port: 0 })
})
beforeEach(async () => {
  lastsMs = 600_000
  home = await mkdtemp(join(tmpdir(), 'gitsudo-home-'))
  files = await mkdtemp(join(home, 'tmp-'))
})
afterAll(() => server.stop())

const open = (shell: string, env: Readonly<Record<string, string>> = {}) =>
  inTerminal([process.execPath, script, 'shell', active, '--shell', shell], {
    PATH: process.env.PATH,
    HOME: home,
    TMPDIR: files,
    GITSUDO_SERVER: address,
    GITSUDO_TOKEN: 'token-alice',
    ...env,
  })
const nothingIsLeft = async () => {
  await until('nothing is left', async () => (await readdir(files)).length === 0)
  await rm(home, { recursive: true })
}
const prompt = /\[gitsudo mock prod-admin until \d\d:\d\dZ\] mine> $/

describe.each([
  ['bash', '.bashrc', `PROMPT_COMMAND='PS1="mine> "'\nclear`],
  ['sh', '.profile', "PS1='mine> '"],
])('in %s', (shell, settings, theirs) => {
  it('the credentials are there, the prompt is marked, and its status is ours', async () => {
    await writeFile(join(home, settings), theirs)
    const at = open(shell, shell === 'sh' ? { ENV: join(home, settings) } : {})
    await at.sees(/\*\*\* gitsudo: mock prod-admin on 123456789012, req_\w{26} \*\*\*/)
    await at.sees(prompt)
    at.type('echo "$MOCK_TOKEN $GITSUDO_ELEVATED $GITSUDO_REQUEST_ID $(cat "$MOCK_FILE")"')
    await at.sees(new RegExp(`swordfish-swordfish 1 ${active} kept-in-a-file\\s+${prompt.source}`))
    at.type('exit 42')
    expect(await at.status()).toBe(42)
    await nothingIsLeft()
  })
})

it('no settings keep anybody from hearing of the end, nor the shell open', async () => {
  const hiding = ["trap '' HUP TERM", "PROMPT_COMMAND='PS1='", 'readonly PS1', 'exec 2>/dev/null', 'clear']
  await writeFile(
    join(home, '.bashrc'),
    [...hiding, 'stty tostop', 'echo "up:"; while :; do sleep 0.2; done'].join('\n'),
  )
  lastsMs = 4_000
  const at = open('bash')
  await at.sees(/up:/)
  await at.sees(new RegExp(`gitsudo: ${active} has ended; this shell is closed\\.`))
  expect(await at.status()).toBe(137)
  await nothingIsLeft()
})

it.each([
  ['TERM', 129],
  ['HUP', 129],
  ['KILL', 137],
])('a SIG%s of gitsudo leaves nothing on disk', async (signal, status) => {
  const at = open('bash')
  await at.sees(/ until /)
  at.type('echo "ours: $PPID"')
  const [, pid] = await at.sees(/ours: (\d+)/)
  process.kill(Number(pid), `SIG${signal}`)
  expect(await at.status()).toBe(status)
  await nothingIsLeft()
})

it('says what is wrong with a shell that is none', async () => {
  const at = open('/nowhere/xonsh')
  await at.sees(/gitsudo: \/nowhere\/xonsh: there is no such command\./)
  expect(await at.status()).toBe(2)
  await nothingIsLeft()
})

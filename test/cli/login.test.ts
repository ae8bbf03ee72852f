import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { loginsIn } from '../../app/cli/logins.ts'
import { createCaller } from '../../app/github/caller.ts'
import { type LocalGitHub, startGitHub } from '../../app/sandbox/github/start.ts'
import type { Server } from '../../app/server/server.ts'
import { world } from '../server/world.ts'
import { quietLog } from '../support/quiet-log.ts'
import { gitsudo } from './harness.ts'

const dir = mkdtempSync(join(tmpdir(), 'gitsudo-login-'))
const clock = { at: Date.parse('2026-12-01T12:00:00Z'), now: () => clock.at }
let github: LocalGitHub
let app: { clientId: string; clientSecret: string }
let server: Server
let address = ''
let config = ''

const serve = async (clientId: string): Promise<void> => {
  const { deps } = world()
  const { apiUrl, url } = github
  const own = world({
    facts: { ...deps.facts, github: { apiUrl, webUrl: url, clientId } },
    caller: createCaller({
      baseUrl: apiUrl,
      clientId: app.clientId,
      clientSecret: app.clientSecret,
      clock,
      log: quietLog,
      timeoutMs: 60_000,
    }),
    readable: async () => ({ known: [], unread: [] }),
  })
  server = own.server
  address = await server.listen({ host: '127.0.0.1', port: 0 })
}

beforeAll(async () => {
  github = await startGitHub({ dir, clock })
  github.admin.createUser({ login: 'alice' })
  app = github.admin.createApp({ slug: 'gitsudo', settings: { deviceFlow: true } })
  await serve(app.clientId)
})
afterAll(async () => {
  await server.stop()
  await github.close()
  rmSync(dir, { recursive: true, force: true })
})
beforeEach(() => {
  config = mkdtempSync(join(dir, 'config-'))
})
afterEach(() => {
  github.admin.setAppSettings('gitsudo', { deviceFlow: true, userTokensExpire: true })
})

const run = (...argv: readonly string[]) =>
  gitsudo([...argv, '--server', address], { clock, logins: loginsIn({ XDG_CONFIG_HOME: config }) })

/** Signs in; whoever is told the code answers it after a few polls, and GitHub's clock stands still for the first `hasty`. */
const signIn = async (
  answer: 'authorize' | 'cancel' | undefined,
  { hasty = 0, more = [] as readonly string[] } = {},
) => {
  let told = ''
  const waits: number[] = []
  const result = await gitsudo(['login', '--server', address, ...more], {
    clock,
    logins: loginsIn({ XDG_CONFIG_HOME: config }),
    err: {
      isTTY: false,
      columns: 80,
      write: (text) => {
        told += text
      },
    },
    sleep: async (ms) => {
      waits.push(ms)
      if (waits.length > hasty) clock.at += ms
      const [, code] = /type in ([A-Z]{4}-[A-Z]{4})/.exec(told) ?? []
      if (code === undefined || answer === undefined || waits.length < 3) return
      const form = new URLSearchParams({ user_code: code.toLowerCase(), login: 'alice', answer })
      await fetch(`${github.url}/login/device`, { method: 'POST', body: form })
    },
  })
  return { ...result, told, waits }
}

describe('gitsudo login', () => {
  test('keeps a token of the service’s App for its owner alone, and every command uses it there', async () => {
    expect(await run('server', 'reload-policies')).toMatchObject({
      status: 2,
      err: expect.stringContaining('run gitsudo login'),
    })
    const { status, out, told, waits } = await signIn('authorize')
    expect({ status, out, told }).toEqual({
      status: 0,
      out: `✓ Signed in as alice at ${address}, until ${new Date(clock.at + 8 * 3_600_000).toISOString()}\n`,
      told: expect.stringMatching(
        `^Open ${github.url}/login/device and type in [A-Z-]{9} \\(within 15 min\\)`,
      ),
    })
    expect(waits).toEqual([5000, 5000, 5000])
    const folder = join(config, 'gitsudo')
    expect(readdirSync(folder)).toEqual(['logins.json'])
    expect(statSync(join(folder, 'logins.json')).mode & 0o777).toBe(0o600)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    const { token } = JSON.parse(readFileSync(join(folder, 'logins.json'), 'utf8'))[address]
    expect(token).toMatch(/^ghu_/)
    expect(out + told).not.toContain(token)
    expect(await run('status')).toMatchObject({ status: 0, err: '' })
  })

  test('is for one service only, and for as long as GitHub lets it live', async () => {
    await signIn('authorize')
    const logins = loginsIn({ XDG_CONFIG_HOME: config })
    expect(logins.of('https://elsewhere.example')).toBeUndefined()
    clock.at += 8 * 3_600_000
    expect(await run('status')).toMatchObject({
      status: 2,
      err: expect.stringMatching(/Your sign-in at .* ended at .*\n.*run gitsudo login/),
    })
    github.admin.setAppSettings('gitsudo', { userTokensExpire: false })
    expect((await signIn('authorize')).out).toBe(`✓ Signed in as alice at ${address}\n`)
    clock.at += 80 * 3_600_000
    expect((await run('status')).status).toBe(0)
  })

  test('--print prints the token and keeps nothing', async () => {
    const { status, out } = await signIn('authorize', { more: ['--print'] })
    expect({ status, out }).toEqual({ status: 0, out: expect.stringMatching(/^ghu_\w{36}\n$/) })
    expect(readdirSync(config)).toEqual([])
    expect((await run('status', '--token', out.trim())).status).toBe(0)
  })

  test('asks as seldom as GitHub wishes', async () => {
    const { status, waits } = await signIn('authorize', { hasty: 2 })
    expect({ status, waits }).toEqual({ status: 0, waits: [5000, 10_000, 15_000] })
  })

  test('says who cancelled, and what came too late', async () => {
    const cancelled = await signIn('cancel')
    expect(cancelled).toMatchObject({ status: 1, told: expect.stringContaining('cancelled') })
    const late = await signIn(undefined)
    expect(late).toMatchObject({
      status: 1,
      told: expect.stringContaining('Nobody typed in the code in time'),
    })
    expect(late.waits).toHaveLength(180)
    expect(readdirSync(config)).toEqual([])
  })

  test('says what is wrong with the App, or with GitHub', async () => {
    github.admin.setAppSettings('gitsudo', { deviceFlow: false })
    const off = await signIn('authorize')
    expect(off).toMatchObject({ status: 1, told: expect.stringContaining('Enable Device Flow') })
    await server.stop()
    await serve('Iv23nobody')
    const unknown = await signIn('authorize')
    expect(unknown).toMatchObject({ status: 1, told: expect.stringContaining('check github.client_id') })
    await server.stop()
    await serve(app.clientId)
    const away = await gitsudo(['login', '--server', address], {
      clock,
      fetch: async (input, init) => {
        if (String(input).startsWith(github.url)) throw new TypeError('fetch failed')
        return fetch(input, init)
      },
    })
    expect(away).toMatchObject({ status: 3, err: expect.stringContaining('did not answer') })
  })

  test('a file that is none is named', async () => {
    await signIn('authorize')
    const file = join(config, 'gitsudo', 'logins.json')
    writeFileSync(file, '{')
    expect(await run('status')).toMatchObject({ status: 2, err: expect.stringContaining(file) })
  })
})

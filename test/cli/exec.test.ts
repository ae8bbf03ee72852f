import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CliDeps } from '../../app/cli/deps.ts'
import { active, now, waiting, world } from '../server/world.ts'
import { gitsudo } from './harness.ts'

let address = ''
const { server, told } = world()
beforeAll(async () => {
  address = await server.listen({ host: '127.0.0.1', port: 0 })
})
afterAll(() => server.stop())

const as = (who: string, argv: readonly string[], over: Partial<CliDeps> = {}) =>
  gitsudo(argv, {
    ...over,
    env: { GITSUDO_SERVER: address, GITSUDO_TOKEN: `token-${who}`, ...over.env },
  })

describe('exec', () => {
  it('gives the credentials to the command alone, and ends as it ends', async () => {
    const { status, executed, out } = await as('alice', [
      'exec',
      active,
      '--',
      'aws',
      's3',
      '--output',
      'json',
      '-q',
    ])
    expect([status, out]).toEqual([7, ''])
    expect(executed).toMatchObject([
      {
        command: 'aws',
        args: ['s3', '--output', 'json', '-q'],
        env: { MOCK_TOKEN: 'swordfish-swordfish', GITSUDO_SERVER: address },
        files: { MOCK_FILE: 'kept-in-a-file' },
      },
    ])
  })

  it('says why when the grant is not active', async () => {
    const { status, err, executed } = await as('bob', ['exec', waiting, '--', 'env'])
    expect(status).toBe(1)
    expect(err).toMatch(new RegExp(`^gitsudo: ${waiting} is pending, not active\\.\\n {2}→ `))
    expect(executed).toEqual([])
  })

  it('leaves out what tools would heed instead of the credentials', async () => {
    const mine = ['AWS_PROFILE', 'AWS_DEFAULT_PROFILE', 'AWS_SECURITY_TOKEN', 'AWS_CREDENTIAL_EXPIRATION']
    const env = { ...Object.fromEntries(mine.map((name) => [name, 'mine'])), AWS_REGION: 'eu-west-1' }
    const given = { ok: true, environment: { AWS_ACCESS_KEY_ID: 'theirs' }, expiresAt: now + 60_000 } as const
    const aws = world({ credentials: async () => given }).server
    const GITSUDO_SERVER = await aws.listen({ host: '127.0.0.1', port: 0 })
    const { executed } = await as('alice', ['exec', active, '--', 'env'], { env: { ...env, GITSUDO_SERVER } })
    expect(executed[0]?.env).toEqual({
      GITSUDO_SERVER,
      GITSUDO_TOKEN: 'token-alice',
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'theirs',
    })
    await aws.stop()
  })

  it('says whose identity the command needs where there are no credentials', async () => {
    const given = { ok: true, environment: {}, principal: 'user:alice@example.com', expiresAt: now } as const
    const gcp = world({ credentials: async () => given }).server
    const GITSUDO_SERVER = await gcp.listen({ host: '127.0.0.1', port: 0 })
    const { status, err } = await as('alice', ['exec', active, '--', 'env'], { env: { GITSUDO_SERVER } })
    expect([status, err]).toEqual([
      7,
      `gitsudo: ${active} is for your own identity, user:alice@example.com: sign in as that.\n`,
    ])
    await gcp.stop()
  })

  it('refuses everybody else', async () => {
    expect((await as('carol', ['exec', active, '--', 'env'])).status).toBe(1)
    expect((await as('alice', ['exec', active])).status).toBe(2)
  })
})

describe('shell', () => {
  it('asks for nothing without a terminal', async () => {
    const before = told.length
    const { status, err, executed } = await as('alice', ['shell', active])
    expect(status).toBe(2)
    expect(err).toMatch(/^gitsudo: A shell needs a terminal, .*\n {2}→ gitsudo exec req_\w{26} -- COMMAND/)
    expect([executed, told.slice(before)]).toEqual([[], []])
  })

  it.each([
    [undefined, '/bin/sh'],
    ['/usr/bin/xonsh', '/usr/bin/xonsh'],
  ])('opens SHELL, %s', async (shell, command) => {
    const env = shell === undefined ? {} : { SHELL: shell }
    const { status, executed, err } = await as('alice', ['shell', active], { atTerminal: true, env })
    expect(status).toBe(7)
    expect(executed).toMatchObject([
      {
        command,
        shell: true,
        env: { GITSUDO_ELEVATED: '1', GITSUDO_REQUEST_ID: active, MOCK_TOKEN: 'swordfish-swordfish' },
        files: { MOCK_FILE: 'kept-in-a-file' },
      },
    ])
    expect(err).toBe(
      `*** gitsudo: mock prod-admin on 123456789012, ${active} ***\n` +
        '*** until 2026-12-01T12:01:00.000Z (in 1m); type exit to leave it ***\n',
    )
  })

  it('says why when the grant is not active', async () => {
    const { status, executed } = await as('bob', ['shell', waiting], { atTerminal: true })
    expect([status, executed]).toEqual([1, []])
  })
})

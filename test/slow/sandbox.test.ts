import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ended, run } from '../../app/sandbox/run.ts'
import { until } from '../../app/sandbox/until.ts'
import { startEmbedded } from '../../app/store/embedded.ts'
import { withClient } from '../support/client.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const { DATABASE_URL: _, ...env } = process.env
const starting = 120_000
let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gitsudo-ctrl-c-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

/** As from a terminal, where Ctrl-C reaches every process of the group. */
const start = (argv: readonly string[], more: NodeJS.ProcessEnv = {}) => {
  const child = spawn(process.execPath, argv, {
    cwd: root,
    env: { ...env, ...more },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  return {
    child,
    said: () => said,
    says: (words: string, limitMs = starting) => until(words, async () => said.includes(words), limitMs),
    interrupt: () => process.kill(-(child.pid ?? 0), 'SIGINT'),
    status: async () => {
      await ended(child)
      return child.exitCode
    },
  }
}
const listens = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
/** Every port of this machine that was printed; PostgreSQL's own stands behind its socket's folder. */
const portsIn = (text: string) => [
  ...new Set([...text.matchAll(/(?:127\.0\.0\.1|@%2F[^:\s]+):(\d+)/g)].map(([, port]) => Number(port))),
]
/** But for a server that was there before. */
const silence = (text: string, besides?: number) =>
  until('nobody to listen any more', async () =>
    (
      await Promise.all(
        portsIn(text)
          .filter((port) => port !== besides)
          .map(listens),
      )
    ).every((one) => !one),
  )
const sandbox = () => start([join(root, 'bin', 'gitsudo.js'), 'sandbox', '--state-dir', dir])
const demo = join(root, 'scripts', 'demo.ts')
/** The printed command, as somebody would paste it, finds nothing wrong. */
const verified = async (text: string) => {
  const verify = /^ *DATABASE_URL=.* audit verify .*$/m.exec(text)?.[0] ?? 'false'
  expect(await run('sh', ['-c', verify], { cwd: root, env })).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^Chain intact: \d+ events verified/m),
  })
}

test.each(['the first time', 'again in the same folder'])('Ctrl-C ends a sandbox with 0, %s', async () => {
  const running = sandbox()
  await running.says('Ctrl-C stops it.')
  expect(await Promise.all(portsIn(running.said()).map(listens))).toEqual([true, true, true])
  await verified(running.said())
  running.interrupt()
  expect(await running.status()).toBe(0)
  await silence(running.said())
})

test('a second one does not wait, ends with 130, and leaves nobody behind', async () => {
  const running = sandbox()
  await running.says('Ctrl-C stops it.')
  running.interrupt()
  running.interrupt()
  // Two at once can be one signal.
  await until('it to have ended', async () => {
    if (running.child.exitCode === null) running.interrupt()
    return running.child.exitCode !== null
  })
  expect(running.child.exitCode).toBe(130)
  await silence(running.said())
})

test('Ctrl-C in the middle of the demo ends it with 130', async () => {
  const running = start([demo, '--state-dir', join(dir, 'demo')])
  await running.says('ready at')
  running.interrupt()
  expect(await running.status()).toBe(130)
  expect(running.said()).not.toContain('What the service said')
  await silence(running.said())
})

test('the demo plays on a PostgreSQL of others, by a role that may make roles and databases, and stays up with --keep', async () => {
  const server = await startEmbedded(join(dir, 'others'), { throwaway: true })
  try {
    const { superuserUrl } = server
    const sql = <T>(text: string) =>
      withClient(superuserUrl, async (client) => (await client.query(text)).rows as T[])
    await sql(`create role newcomer login createrole createdb password 'newcomer'`)
    const url = Object.assign(new URL(superuserUrl), { username: 'newcomer', password: 'newcomer' })
    const kept = start([demo, '--keep', '--state-dir', join(dir, 'kept')], { DATABASE_URL: url.href })
    await kept.says('Ctrl-C stops it.', 400_000)
    expect(await Promise.all(portsIn(kept.said()).map(listens))).toEqual([true, true, true])
    expect(portsIn(kept.said())).toContain(Number(url.port))
    await verified(kept.said())
    kept.interrupt()
    expect(await kept.status()).toBe(0)
    await silence(kept.said(), Number(url.port))
    // The server is as it was, but for the service's two roles.
    expect(await sql(`select datname from pg_database where datname like 'gitsudo%'`)).toEqual([])
    expect(await sql(`select rolname from pg_roles where rolname like 'gitsudo%' order by 1`)).toEqual([
      { rolname: 'gitsudo_app' },
      { rolname: 'gitsudo_owner' },
    ])
  } finally {
    await server.stop()
    await rm(server.home, { recursive: true, force: true })
  }
}, 600_000)

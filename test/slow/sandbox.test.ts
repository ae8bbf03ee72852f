import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ended, run } from '../../app/sandbox/run.ts'
import { until } from '../../app/sandbox/until.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const { DATABASE_URL: _, ...env } = process.env
const starting = 120_000
let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gitsudo-ctrl-c-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

/** As from a terminal, where Ctrl-C reaches every process of the group. */
const start = (...argv: readonly string[]) => {
  const child = spawn(process.execPath, argv, {
    cwd: root,
    env,
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
    says: (words: string) => until(words, async () => said.includes(words), starting),
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
/** Every port of this machine that was printed. */
/** PostgreSQL's own stands behind its socket's folder. */
const portsIn = (text: string) => [
  ...new Set([...text.matchAll(/(?:127\.0\.0\.1|@%2F[^:\s]+):(\d+)/g)].map(([, port]) => Number(port))),
]
const silence = (text: string) =>
  until('nobody to listen any more', async () =>
    (await Promise.all(portsIn(text).map(listens))).every((one) => !one),
  )
const sandbox = () => start(join(root, 'bin', 'gitsudo.js'), 'sandbox', '--state-dir', dir)

test.each(['the first time', 'again in the same folder'])('Ctrl-C ends a sandbox with 0, %s', async () => {
  const running = sandbox()
  await running.says('Ctrl-C stops it.')
  expect(await Promise.all(portsIn(running.said()).map(listens))).toEqual([true, true, true])
  const verify = /^ *DATABASE_URL=.* audit verify .*$/m.exec(running.said())?.[0] ?? 'false'
  expect(await run('sh', ['-c', verify], { cwd: root, env })).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^Chain intact: \d+ events verified/m),
  })
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
  const running = start(join(root, 'scripts', 'demo.ts'), '--state-dir', join(dir, 'demo'))
  await running.says('ready at')
  running.interrupt()
  expect(await running.status()).toBe(130)
  expect(running.said()).not.toContain('What the service said')
  await silence(running.said())
})

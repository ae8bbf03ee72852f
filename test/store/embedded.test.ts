import { chmod, chown, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Embedded, startEmbedded } from '../../app/store/embedded.ts'
import { withClient } from '../support/client.ts'

let state: string
let running: Embedded[]
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'gitsudo-embedded-'))
  running = []
})
afterEach(async () => {
  for (const { stop, home } of running) {
    await stop()
    await rm(home, { recursive: true, force: true })
  }
  await rm(state, { recursive: true, force: true })
})

async function start(): Promise<Embedded> {
  const embedded = await startEmbedded(state, { throwaway: true })
  running = [embedded]
  return embedded
}
const query = (url: string, statement: string) => withClient(url, (client) => client.query(statement))

// mkdtemp makes the directory 0700: as root, PostgreSQL's own user cannot enter it.
test('it starts below a directory that only we can enter, and its data is there again after a stop', async () => {
  await chmod(state, 0o700)
  const first = await start()
  await query(first.superuserUrl, 'create table kept (n int)')
  await first.stop()
  running = []
  const second = await start()
  expect((await query(second.superuserUrl, 'select * from kept')).rows).toEqual([])
  expect(second.home).toBe(first.home)
}, 60_000)

test('a directory that others may pass through holds the data itself', async () => {
  await chmod(state, 0o711)
  expect((await start()).home.startsWith(state)).toBe(true)
}, 60_000)

test('a server left by a killed service is used again', async () => {
  const first = await start()
  await query(first.superuserUrl, 'create table kept (n int)')
  const second = await start()
  expect(second.superuserUrl).toBe(first.superuserUrl)
}, 60_000)

test('a server that has no socket, as one of an earlier release, is used over loopback', async () => {
  const first = await start()
  const { port } = new URL(first.superuserUrl)
  await rm(join(first.home, `.s.PGSQL.${port}`), { force: true })
  const second = await start()
  expect(new URL(second.superuserUrl).host).toBe(`127.0.0.1:${port}`)
  await query(second.superuserUrl, 'select 1')
}, 60_000)

test('a pid file that a crash left behind does not mislead it', async () => {
  const first = await start()
  const pid = join(first.home, 'data', 'postmaster.pid')
  const left = await readFile(pid, 'utf8')
  await first.stop()
  running = []
  // No process has this number: where nobody reaps orphans, the stopped one's own still looks alive.
  await writeFile(pid, left.replace(/^\d+/, '4194304'))
  const { uid, gid } = await stat(join(first.home, 'data'))
  await chown(pid, uid, gid)
  const second = await start()
  expect((await query(second.superuserUrl, 'select 1 as one')).rows).toEqual([{ one: 1 }])
}, 60_000)

test('data without its password is refused in words', async () => {
  const { stop } = await start()
  await stop()
  await stop()
  await rm(join(state, 'postgres.password'))
  await expect(startEmbedded(state)).rejects.toMatchObject({ code: 'password_lost' })
}, 60_000)

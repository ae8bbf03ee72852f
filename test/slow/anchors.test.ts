import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readCheckpoint } from '../../app/audit/checkpoint.ts'
import { openNote, readNoteKey } from '../../app/audit/note.ts'
import { trustedKeys } from '../../app/audit/rotation.ts'
import { run } from '../../app/sandbox/run.ts'
import type { Service } from '../../app/sandbox/service.ts'
import { until } from '../../app/sandbox/until.ts'
import { stopsHit, writeStops } from '../support/stop-points.ts'
import { openTestWorld, type TestWorld } from '../support/world.ts'

let t: TestWorld
let service: Service | undefined

beforeAll(async () => {
  t = await openTestWorld({ merge: 'auto' })
})
afterAll(async () => {
  await service?.stop()
  await t?.close()
})

const server = async (...args: readonly string[]) => {
  const ran = await run(t.entry.command, [...t.entry.args, 'server', ...args, '--config', t.service.config], {
    env: t.service.env,
  })
  expect([ran.status, ran.stderr]).toEqual([0, ''])
  return ran.stdout
}
const anchors = () =>
  t.query<{ commit: string }>("select commit from audit_events where type = 'ledger.anchored' order by seq")
/** The commits of the branch, oldest first, and what the newest holds. */
const branch = async () => {
  const clone = await t.clone('erin', 'gitsudo-ledger', t.anchorRepository.fullName)
  return {
    commits: (await clone.git('rev-list', '--reverse', 'HEAD')).split('\n'),
    file: (path: string) => readFileSync(join(clone.dir, path), 'utf8'),
  }
}
const anchored = (count: number) =>
  until(`${count} anchors on record`, async () => (await anchors()).length === count)

test('what a replica that died between its commit and its record left is recorded once', async () => {
  writeStops(t.stopFile, [{ call: 'anchor.commit', when: 'after', mentions: [] }])
  await expect(
    t.start().then(({ child }) => new Promise((_, reject) => child.once('exit', reject))),
  ).rejects.toBeDefined()
  expect(stopsHit(t.stopFile)).toHaveLength(1)
  expect(await anchors()).toEqual([])
  service = await t.start()
  await anchored(1)
  expect((await branch()).commits).toEqual((await anchors()).map(({ commit }) => commit))
})

test('the end of a grant names the checkpoint that holds it', async () => {
  const asked = await t.ask('with-receipt')
  await t.reached(asked.id, 'active')
  await t.jump(31 * 60_000)
  await t.reached(asked.id, 'ended')
  const receipt = await until('the receipt', async () => {
    const [comment] = await t.comments(asked.number)
    const found =
      /has \*\*ended\*\*.*receipt: event (\d+), leaf ([0-9a-f]{64}), under the checkpoint of (\d+) events with root (\S+)/s.exec(
        comment?.body ?? '',
      )
    return found ?? undefined
  })
  const [, seq, leaf, size, root] = receipt
  const [event] = await t.query<{ leaf: string; type: string }>(
    "select encode(leaf, 'hex') as leaf, type from audit_events where seq = $1",
    [seq],
  )
  expect(event).toEqual({ leaf, type: 'grant.expired' })
  const [stored] = await t.query<{ note: string }>('select note from checkpoints where size = $1', [size])
  expect(Buffer.from(readCheckpoint(openNote(stored?.note ?? '', []).text).root).toString('base64')).toBe(
    root,
  )
})

test('a new key is introduced by the old one, which may then go', { timeout: 180_000 }, async () => {
  const first = readNoteKey((await server('key')).split('\n')[0] ?? '')
  expect(first.name).toBe('sandbox.local')
  const made = await server('rotate-key')
  const both = /^2\. keys: \{signing_files: \[(.*), (.*)\]\}/m.exec(made)
  const [, added = '', old = ''] = both ?? []
  const configure = (...files: readonly string[]) => {
    const config = JSON.parse(readFileSync(t.service.config, 'utf8'))
    writeFileSync(t.service.config, JSON.stringify({ ...config, keys: { signing_files: files } }))
  }
  for (const files of [[old, added], [added, old], [added]]) {
    await service?.stop()
    configure(...files)
    service = await t.start()
    const before = (await anchors()).length
    const asked = await t.ask(`under-${files.length}-${files.indexOf(added)}`)
    await t.reached(asked.id, 'active')
    await t.jump(31 * 60_000)
    await t.reached(asked.id, 'ended')
    await t.jump(61_000)
    await until('an anchor', async () => (await anchors()).length > before)
  }
  const { commits, file } = await branch()
  const trusted = trustedKeys([first], [file('rotations/1')])
  expect(trusted).toHaveLength(2)
  const { signedBy } = openNote(file('checkpoint'), trusted)
  expect(signedBy.map(({ text }) => text)).toEqual([trusted[1]?.text])
  expect((await anchors()).map(({ commit }) => commit)).toEqual(commits)
  expect((await server('key')).trim()).toBe(trusted[1]?.text)
  // Half an hour that passes at once leaves the clouds uncompared for as long.
  expect(service?.alerts.filter(({ event }) => event !== 'cloud.stale')).toEqual([])
})

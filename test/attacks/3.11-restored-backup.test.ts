// Yesterday's backup is put in the place of the database: what was revoked since would be live again, and what was
// granted since could be granted once more. The newest anchor tells; until somebody says that the loss is known, the
// service only takes away.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sql, withDatabase } from '../../app/sandbox/postgres.ts'
import { mustRun, run } from '../../app/sandbox/run.ts'
import type { Service } from '../../app/sandbox/service.ts'
import { until } from '../../app/sandbox/until.ts'
import { openTestWorld, says, type TestWorld } from '../support/world.ts'

let t: TestWorld
let service: Service

beforeAll(async () => {
  t = await openTestWorld({ merge: 'auto' })
  service = await t.start()
})
afterAll(async () => {
  await service?.stop()
  await t?.close()
})

const operator = (...args: readonly string[]) =>
  run(t.entry.command, [...t.entry.args, 'server', ...args, '--config', t.service.config], {
    env: t.service.env,
  })
/** Sizes on record, oldest first. */
const anchored = async () =>
  (
    await t.query<{ size: number; commit: string }>(
      `select (convert_from(body, 'UTF8')::json -> 'data' ->> 'size')::int as size, commit
       from audit_events where type = 'ledger.anchored' order by seq`,
    )
  ).map(({ size, commit }) => ({ size, commit }))
/** Waits until an anchor holds every event that is no anchor. */
const allAnchored = async () => {
  // One anchor a minute: what is sealed after it would wait for the next.
  await t.allSealed()
  await t.jump(61_000)
  await until('everything to be anchored', async () => {
    const [row] = await t.query<{ seq: string }>(
      `select max(seq) as seq from audit_events where type not in ('ledger.anchored')`,
    )
    return ((await anchored()).at(-1)?.size ?? 0) >= Number(row?.seq)
  })
}

/** Waits until the check on a commit says that it is not decided yet, and why. */
const waiting = (head: string, why: string) =>
  until(`the check on ${head.slice(0, 10)} to wait, with ${why}`, async () =>
    (await t.checks(head)).some(({ conclusion, output }) => conclusion === null && says(output.summary, why)),
  )

test('a restored backup only removes until the loss is acknowledged', async () => {
  const lives = await t.ask('lives-on')
  await t.reached(lives.id, 'active')
  await allAnchored()

  const name = new URL(t.superuserUrl).pathname.slice(1)
  const admin = withDatabase(t.superuserUrl, 'postgres')
  await service.stop()
  await sql(admin, `create database yesterday template ${name}`)
  service = await t.start()
  const after = await t.ask('after-the-backup')
  await t.reached(after.id, 'active')
  await allAnchored()
  const newest = (await anchored()).at(-1)
  await service.stop()
  await sql(admin, `drop database ${name} with (force)`)
  await sql(admin, `alter database yesterday rename to ${name}`)

  service = await t.start()
  await until('the alert', async () =>
    service.alerts.some(({ event, anchor }) => event === 'ledger.restored' && anchor === newest?.commit),
  )
  const waits = await t.ask('meanwhile')
  await waiting(waits.head, 'was a backup restored?')
  expect(await t.events(waits.id)).not.toContainEqual(expect.objectContaining({ type: 'grant.intended' }))
  const credentials = await t.gitsudo('alice', 'exec', lives.id, '--', 'env')
  expect(credentials.status).not.toBe(0)
  expect((await operatorStatus()).stdout).toContain('nothing is given')

  // It takes away: by command, and by time.
  expect((await t.gitsudo('alice', 'revoke', lives.id)).status).toBe(0)
  await t.reached(lives.id, 'ended')
  const before = await anchored()
  expect(before.at(-1)?.commit).not.toBe(newest?.commit)

  const said = await operator('acknowledge-restore')
  expect([said.status, said.stdout]).toEqual([
    0,
    expect.stringContaining(`the newest anchor holds ${newest?.size} events`),
  ])
  await t.jump(61_000)
  await t.reached(waits.id, 'active')
  // Anchoring goes on, on top of what it was.
  await until('the next anchor', async () => (await anchored()).length > before.length)
  const clone = await t.clone('erin', 'gitsudo-ledger', t.anchorRepository.fullName)
  await mustRun('git', ['merge-base', '--is-ancestor', newest?.commit ?? '', 'HEAD'], { cwd: clone.dir })
  expect(await operator('acknowledge-restore')).toMatchObject({ status: 1 })
})

test('whoever deletes the anchor branch hides no loss: a service that starts gives nothing until it is back', async () => {
  await allAnchored()
  const clone = await t.clone('erin', 'gitsudo-ledger', t.anchorRepository.fullName)
  const { commit = '' } = (await anchored()).at(-1) ?? {}
  const push = (...refs: readonly string[]) => clone.git('push', '--quiet', 'origin', ...refs)
  await push('--delete', 'gitsudo-ledger')
  // Who has seen it goes on: nobody takes a running service out that way.
  await t.reached((await t.ask('seen-before')).id, 'active')

  await service.stop()
  service = await t.start()
  await until('the alert', async () => service.alerts.some(({ event }) => event === 'anchor.stopped'))
  const waits = await t.ask('branch-away')
  await waiting(waits.head, 'has not been seen since the start')
  expect(await t.events(waits.id)).not.toContainEqual(expect.objectContaining({ type: 'grant.intended' }))
  expect((await operatorStatus()).stdout).toContain(`put it back at the anchor ${commit}`)

  await push(`${commit}:refs/heads/gitsudo-ledger`)
  await t.jump(11_000)
  await t.reached(waits.id, 'active')
})

const operatorStatus = () => t.gitsudo('erin', 'server', 'status')

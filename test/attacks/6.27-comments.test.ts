// The attack: write commands. Whoever can write can edit anybody's comment, so `/gitsudo revoke` is put into another's
// mouth, or taken out of it again; somebody with no business in it revokes; and where a comment can take away, one hopes
// that it can give (trust.md 6.27).
import { expect, test } from 'vitest'
import { until } from '../../app/sandbox/until.ts'
import { freePort, type Login } from '../../app/sandbox/world.ts'
import { admin } from '../support/world.ts'
import { quiet } from './support/quiet.ts'
import { robot } from './support/robot.ts'
import { type AttackWorld, attackWorld } from './support/world.ts'

const active = async (t: AttackWorld, slug: string, spec = {}) => {
  const asked = await t.ask(slug, spec)
  if (spec === admin) await t.approve(asked.number, 'bob', 'carol')
  await t.checked(asked.head, 'success')
  await t.land(asked.number, 'bob')
  await t.reached(asked.id, 'active')
  return asked
}
const say = async (t: AttackWorld, pull: number, body: string, who: Login) =>
  (await t.api<{ id: number }>('POST', `/issues/${pull}/comments`, { body }, who)).id
const edit = (t: AttackWorld, comment: number, body: string, who: Login) =>
  t.api('PATCH', `/issues/comments/${comment}`, { body }, who)
const revokedBy = async (t: AttackWorld, id: string) =>
  (await t.events(id)).find(({ type }) => type === 'grant.revoke_intended')?.actor.login

test('a: what counts is what was written first, by its author', async () => {
  const t = await attackWorld()
  const asked = await active(t, 'comment-edited')
  const thanks = await say(t, asked.number, 'thanks, works', 'alice')
  await edit(t, thanks, '/gitsudo revoke', 'dave')
  // Has it looked at, if the edit did not.
  await say(t, asked.number, '/gitsudo what about it?', 'bob')
  await quiet(t, asked.number)
  await t.reached(asked.id, 'active')
  expect(await t.query('select grant_id from revoke_asks where grant_id = $1', [asked.id])).toEqual([])

  const command = await say(t, asked.number, 'done here\n\n/gitsudo revoke', 'alice')
  await edit(t, command, 'done here, but let me keep it', 'dave')
  await t.reached(asked.id, 'ended')
  expect(await revokedBy(t, asked.id)).toBe('alice')
})

test('a: of those that GitHub never told of, one that nobody edited revokes', async () => {
  const t = await attackWorld()
  const [gone, stays] = [await active(t, 'comment-lost'), await active(t, 'comment-lost-edited')]
  const lost = t.github.admin.faults.deliveries({ happens: 'lose', event: 'issue_comment' })
  const thanks = await say(t, stays.number, 'thanks, works', 'alice')
  await say(t, gone.number, '/gitsudo revoke', 'dave')
  await say(t, gone.number, '/gitsudo revoke', 'alice')
  // GitHub's times are whole seconds.
  const written = Math.floor(t.clock.now() / 1000)
  await until('the next second', async () => Math.floor(t.clock.now() / 1000) > written)
  await edit(t, thanks, '/gitsudo revoke', 'dave')
  lost()
  const replica = await t.start({ port: await freePort() })
  try {
    await t.reached(gone.id, 'ended')
    expect(await revokedBy(t, gone.id)).toBe('alice')
    expect(await t.query('select grant_id from revoke_asks where grant_id = $1', [stays.id])).toEqual([])
    await t.reached(stays.id, 'active')
  } finally {
    await replica.stop()
  }
})

test('b: the requester, who could approve it, and administrators revoke; nobody else, and no bot', async () => {
  const t = await attackWorld()
  const asked = await active(t, 'comment-by', admin)
  await say(t, asked.number, `/gitsudo revoke ${asked.id}`, 'dave')
  await say(t, asked.number, '/gitsudo revoke', 'frank')
  const bot = await robot(t, 'commenter')
  expect((await bot(`/issues/${asked.number}/comments`, { body: '/gitsudo revoke' })).status).toBe(201)
  await quiet(t, asked.number)
  await t.reached(asked.id, 'active')
  await say(t, asked.number, '/gitsudo revoke', 'carol')
  await t.reached(asked.id, 'ended')
  expect(await revokedBy(t, asked.id)).toBe('carol')

  const other = await active(t, 'comment-by-admin')
  await say(t, other.number, '/gitsudo revoke', 'bob')
  await quiet(t, other.number)
  await t.reached(other.id, 'active')
  await say(t, other.number, '/gitsudo revoke', 'erin')
  await t.reached(other.id, 'ended')
  expect(await revokedBy(t, other.id)).toBe('erin')
})

test('b: of several commands in one comment each is obeyed', async () => {
  const t = await attackWorld()
  const asked = await active(t, 'comment-lines')
  await say(t, asked.number, `/gitsudo revoke ${asked.id}x\n/gitsudo revoke ${asked.id}`, 'alice')
  await t.reached(asked.id, 'ended')
  expect(await revokedBy(t, asked.id)).toBe('alice')
})

test('b: what is still open is not granted over it', async () => {
  const t = await attackWorld()
  const asked = await t.ask('comment-while-open', admin)
  await t.checked(asked.head, 'action_required')
  await say(t, asked.number, '/gitsudo revoke', 'carol')
  await t.approve(asked.number, 'bob', 'carol')
  await t.checked(asked.head, 'failure', 'carol revoked it before it was granted')
  await t.land(asked.number)
  await t.refused(asked, 'carol revoked it before it was granted')
})

test('c: a comment never grants', async () => {
  const t = await attackWorld()
  const asked = await t.ask('comment-grants', admin)
  await t.checked(asked.head, 'action_required')
  for (const word of ['approve', 'grant', 'active', 'extend', 'unrevoke'])
    for (const who of ['bob', 'carol', 'erin'] as const)
      await say(t, asked.number, `/gitsudo ${word} ${asked.id}`, who)
  await quiet(t, asked.number)
  await t.reached(asked.id, 'pending')
  // The one word that is obeyed is another.
  expect(await t.query('select grant_id from revoke_asks where grant_id = $1', [asked.id])).toEqual([])
  await t.land(asked.number)
  await t.refused(asked, 'merged with 0 of the 1 approvals')
})

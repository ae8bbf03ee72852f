// The attack: take a webhook that GitHub really signed and tell gitsudo that it means something else. The event's
// name and its GUID are headers that no signature covers: a comment that says `approved` sent as a review, or an
// approval that its author has taken back, sent again under a new GUID (trust.md 2.10).
import { createHmac, randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { until } from '../../app/sandbox/until.ts'
import { admin } from '../support/world.ts'
import { type AttackWorld, attackWorld } from './support/world.ts'

const sent = (t: AttackWorld, event: string, pull: number) =>
  until(`a delivery of ${event}`, async () => {
    const rows = await t.query<{ body: Buffer }>(
      'select body from deliveries where event = $1 and pull = $2 order by received_at',
      [event, pull],
    )
    return rows[0]?.body
  })
const again = async (t: AttackWorld, body: Buffer, event: string) => {
  const guid = randomUUID()
  const secret = await readFile(join(t.dir, 'world', 'secrets', 'webhook-secret'), 'utf8')
  const { status } = await fetch(`${t.replica.url}/webhooks/github`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-github-delivery': guid,
      'x-github-event': event,
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    },
    body: new Uint8Array(body),
  })
  const stored = await t.query('select guid from deliveries where guid = $1', [guid])
  return { status, stored: stored.length }
}

test('a body that does not fit its event is turned away', async () => {
  const t = await attackWorld()
  const asked = await t.ask('signed-otherwise', admin)
  await t.api('POST', `/issues/${asked.number}/comments`, { body: 'approved' }, 'bob')
  const body = await sent(t, 'issue_comment', asked.number)
  for (const event of ['pull_request_review', 'push', 'pull_request']) {
    expect(await again(t, body, event)).toMatchObject({ status: 400, stored: 0 })
  }
  await t.land(asked.number)
  await t.refused(asked, 'merged with 0 of the 1 approvals')
})

test('an approval replayed under a new GUID changes nothing', async () => {
  const t = await attackWorld()
  const asked = await t.ask('signed-again', admin)
  await t.approve(asked.number, 'bob', 'carol')
  await t.checked(asked.head, 'success')
  const body = await sent(t, 'pull_request_review', asked.number)
  await t.people.bob.review(asked.number, 'REQUEST_CHANGES', 'wait')
  await t.people.carol.review(asked.number, 'REQUEST_CHANGES', 'wait')
  await t.checked(asked.head, 'failure', 'denied by')
  expect(await again(t, body, 'pull_request_review')).toMatchObject({ status: 202, stored: 1 })
  await t.land(asked.number)
  await t.refused(asked, 'denied by')
})

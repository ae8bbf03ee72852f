// The attack: play with the post. Keep a delivery from arriving, and count on GitHub never to send it again (6.18a);
// have it sent twice, or the later one first (6.18b); make the service so slow that GitHub gives it up (6.18c); write
// one's own, or one with a secret that has been replaced (6.18d) (trust.md 6.18).
import { createHmac, randomUUID } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startService } from '../../app/sandbox/service.ts'
import { until } from '../../app/sandbox/until.ts'
import { freePort } from '../../app/sandbox/world.ts'
import { admin } from '../support/world.ts'
import { type AttackWorld, attackWorld, timedWorld } from './support/world.ts'

const secretFile = (t: AttackWorld) => join(t.dir, 'world', 'secrets', 'webhook-secret')
const sign = (secret: string, body: Buffer | string, algorithm = 'sha256') =>
  `${algorithm}=${createHmac(algorithm, secret).update(body).digest('hex')}`

const post = async (url: string, body: Buffer, signature: Readonly<Record<string, string>>) => {
  const guid = randomUUID()
  const { status } = await fetch(`${url}/webhooks/github`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'pull_request',
      'x-github-delivery': guid,
      ...signature,
    },
    body: new Uint8Array(body),
  })
  return { guid, status }
}
const stored = (t: AttackWorld, guid: string) =>
  t.query('select guid from deliveries where guid = $1', [guid])
const opened = (t: AttackWorld, pull: number) =>
  until(`the delivery that opened ${pull}`, async () => {
    const rows = await t.query<{ body: Buffer }>(
      `select body from deliveries where event = 'pull_request' and pull = $1 order by received_at`,
      [pull],
    )
    return rows[0]?.body
  })

test('a: what GitHub could not deliver is asked for again; d: the old secret holds while it is being replaced', async () => {
  const t = await timedWorld()
  const asked = await t.ask('post-dropped', admin)
  await t.checked(asked.head, 'action_required')
  const drops = t.github.admin.faults.deliveries({ happens: 'drop', event: 'pull_request_review', count: 2 })
  await t.approve(asked.number, 'bob', 'carol')
  await t.github.admin.deliveriesSettled()
  drops()
  expect((await t.checks(asked.head)).map(({ conclusion }) => conclusion)).not.toContain('success')
  // What failed a moment ago may still be on its way.
  await t.jump(31_000)

  const old = await readFile(secretFile(t), 'utf8')
  const settings = JSON.parse(await readFile(t.service.config, 'utf8')) as { github: object }
  const config = join(t.dir, 'rotating.yaml')
  const newFile = join(t.dir, 'webhook-secret-new')
  await writeFile(newFile, 'the-new-webhook-secret', { mode: 0o600 })
  const github = {
    ...settings.github,
    webhook_secret_file: newFile,
    webhook_secret_old_file: secretFile(t),
  }
  await writeFile(config, JSON.stringify({ ...settings, github }))
  const address = `127.0.0.1:${await freePort()}`
  const replica = await startService(t.entry, {
    config,
    url: `http://${address}`,
    log: join(t.dir, 'rotating.log'),
    env: { ...t.service.env, GITSUDO_HTTP_ADDR: address },
  })
  try {
    await t.checked(asked.head, 'success')
    const body = await opened(t, asked.number)
    for (const [secret, status] of [
      [old, 202],
      ['the-new-webhook-secret', 202],
      ['the-one-before', 401],
    ] as const) {
      const sent = await post(replica.url, body, { 'x-hub-signature-256': sign(secret, body) })
      expect([secret, sent.status]).toEqual([secret, status])
      expect(await stored(t, sent.guid)).toHaveLength(status === 202 ? 1 : 0)
    }
  } finally {
    await replica.stop()
  }
  await t.land(asked.number, 'bob')
  await t.reached(asked.id, 'active')
})

test('b: twice and in the wrong order, they change nothing', async () => {
  const t = await attackWorld()
  const { faults } = t.github.admin
  const denied = await t.ask('post-reordered', admin)
  await t.approve(denied.number, 'carol')
  const reordered = faults.deliveries({ happens: 'reorder', event: 'pull_request_review', count: 1 })
  await t.approve(denied.number, 'bob')
  await t.people.bob.review(denied.number, 'REQUEST_CHANGES', 'wait')
  reordered()
  await t.github.admin.deliveriesSettled()
  await t.checked(denied.head, 'failure', 'denied by bob')
  await t.land(denied.number)
  await t.refused(denied, 'denied by bob')

  const doubled = ['pull_request', 'push'].map((event) => faults.deliveries({ happens: 'double', event }))
  try {
    const asked = await t.ask('post-doubled')
    await t.checked(asked.head, 'success')
    await t.land(asked.number, 'bob')
    await t.reached(asked.id, 'active')
    await t.github.admin.deliveriesSettled()
    const intents = (await t.events(asked.id)).filter(({ type }) => type === 'grant.intended')
    expect(intents).toHaveLength(1)
    expect((await t.bindings()).filter((id) => id === asked.id)).toHaveLength(1)
  } finally {
    for (const over of doubled) over()
  }
})

test('c: GitHub has its answer while nobody can work on what it sent, and nothing of that is lost', async () => {
  const t = await attackWorld()
  const asked = await t.ask('post-slow', admin)
  await t.checked(asked.head, 'action_required')
  const released = Promise.withResolvers<void>()
  const held = t.github.admin.faults.api({
    answer: 'slow',
    path: new RegExp(`/pulls/${asked.number}$`),
    until: released.promise,
  })
  const reviews = () =>
    t.query("select guid from deliveries where event = 'pull_request_review' and pull = $1", [asked.number])
  try {
    await t.approve(asked.number, 'bob', 'carol')
    // As GitHub counts them: answered, each of them.
    await t.github.admin.deliveriesSettled()
    expect(await reviews()).toHaveLength(2)
    const body = await opened(t, asked.number)
    const secret = await readFile(secretFile(t), 'utf8')
    const { guid, status } = await post(t.replica.url, body, { 'x-hub-signature-256': sign(secret, body) })
    expect(status).toBe(202)
    expect(await stored(t, guid)).toHaveLength(1)
    const jobs = await t.query<{ state: string }>(
      `select state from pgboss.job where name = 'pull-request' and singleton_key = $1
       and state in ('created', 'retry', 'active')`,
      [`${t.repository.id}:${asked.number}`],
    )
    expect(jobs.length).toBeGreaterThan(0)
    expect((await t.checks(asked.head)).map(({ conclusion }) => conclusion)).toEqual(['action_required'])
    await t.nothingGranted(asked.number)
  } finally {
    held()
    released.resolve()
  }
  await t.checked(asked.head, 'success')
  await t.land(asked.number, 'bob')
  await t.reached(asked.id, 'active')
})

test('d: what GitHub did not sign is turned away, and nothing of it is kept', async () => {
  const t = await attackWorld()
  const asked = await t.ask('post-forged', admin)
  const body = await opened(t, asked.number)
  const secret = await readFile(secretFile(t), 'utf8')
  const forged = Buffer.from(body.toString('utf8').replace('"opened"', '"closed"'))
  expect(forged).not.toEqual(body)
  const respelt = Buffer.from(JSON.stringify(JSON.parse(body.toString('utf8')), undefined, 1))
  for (const [what, sent, signature] of [
    ['no signature', body, {}],
    ['an empty one', body, { 'x-hub-signature-256': '' }],
    ['that of another secret', body, { 'x-hub-signature-256': sign('guessed', body) }],
    ['that of no secret', body, { 'x-hub-signature-256': sign(' ', body) }],
    ['only the older kind', body, { 'x-hub-signature': sign(secret, body, 'sha1') }],
    ['the older kind by the newer name', body, { 'x-hub-signature-256': sign(secret, body, 'sha1') }],
    ['a true one, over other bytes', forged, { 'x-hub-signature-256': sign(secret, body) }],
    ['a true one, over the same spelt otherwise', respelt, { 'x-hub-signature-256': sign(secret, body) }],
    ['a true one, cut short', body, { 'x-hub-signature-256': sign(secret, body).slice(0, -1) }],
  ] as const) {
    const { guid, status } = await post(t.replica.url, sent, signature)
    expect([what, status]).toEqual([what, 401])
    expect([what, await stored(t, guid)]).toEqual([what, []])
  }
  await t.land(asked.number)
  await t.refused(asked, 'merged with 0 of the 1 approvals')
})

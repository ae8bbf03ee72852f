import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createIntake } from '../../app/github/webhook.ts'
import type { WakeUp } from '../../app/reconcile/ports/queue.ts'
import type { Delivery } from '../../app/reconcile/ports/store.ts'
import * as bodies from './bodies.ts'
import { rememberingLog } from './log.ts'

const secret = 'the webhook secret'
const sign = (body: Uint8Array, by = secret) =>
  `sha256=${createHmac('sha256', by).update(body).digest('hex')}`
const bytes = (body: unknown) => Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
const guid = '2e2d0e7a-1b1c-11f0-8de9-0242ac120002'

const setUp = (secrets: readonly [string, ...string[]] = [secret]) => {
  const accepted: { delivery: Delivery; wake: readonly WakeUp[] }[] = []
  const { log, lines } = rememberingLog()
  const intake = createIntake({
    secrets,
    repositories: [{ id: 7, fullName: 'acme/access', branch: 'main' }],
    accept: async (delivery, wake) => {
      const known = accepted.some((one) => one.delivery.guid === delivery.guid)
      if (!known) accepted.push({ delivery, wake })
      return known ? 'known' : 'new'
    },
    log,
    clock: { now: () => 1_700_000_000_000 },
  })
  const send = (event: string, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
    intake(
      {
        'x-github-event': event,
        'x-github-delivery': guid,
        'x-hub-signature-256': sign(bytes(body)),
        ...headers,
      },
      bytes(body),
    )
  return { intake, send, accepted, lines }
}

describe('what each event asks to be looked at', () => {
  const pull = { queue: 'pull-request', key: '7:5' }
  const publish = { queue: 'publish', key: '7:5' }
  const branch = { queue: 'branch', key: '7' }
  const group = { queue: 'merge-group', key: `7:${bodies.group}` }
  test.each<[string, object, readonly object[]]>([
    ['pull_request', bodies.pullRequest('opened'), [pull]],
    ['pull_request', bodies.pullRequest('synchronize'), [pull]],
    ['pull_request', bodies.pullRequest('edited'), [pull]],
    ['pull_request', bodies.pullRequest('closed'), [pull]],
    ['pull_request', bodies.pullRequest('closed', { merged: true }), [pull, branch]],
    ['pull_request_review', bodies.review(), [pull]],
    ['pull_request_review', bodies.review('dismissed', { state: 'dismissed' }), [pull]],
    ['pull_request_review', bodies.review('submitted', { user: null }), [pull]],
    ['push', bodies.push(), [branch]],
    ['push', bodies.push('refs/heads/topic'), []],
    ['push', bodies.push('refs/tags/main'), []],
    ['issue_comment', bodies.comment('please\n/gitsudo revoke'), [pull]],
    ['issue_comment', bodies.comment('looks good'), []],
    ['issue_comment', bodies.comment('/gitsudo revoke', {}), []],
    ['merge_group', bodies.mergeGroup(), [group]],
    ['merge_group', bodies.mergeGroup('destroyed'), []],
    ['merge_group', bodies.mergeGroup('checks_requested', { base_ref: 'refs/heads/other' }), []],
    [
      'check_run',
      bodies.checkRun('rerequested', {
        external_id: null,
        check_suite: { head_branch: bodies.group.slice(11) },
      }),
      [group],
    ],
    ['check_run', bodies.checkRun('rerequested'), [pull, publish]],
    ['check_run', bodies.checkRun('rerequested', { external_id: 'gitsudo:8:5' }), []],
    [
      'check_run',
      bodies.checkRun('rerequested', { external_id: null, pull_requests: [{ number: 5 }] }),
      [pull, publish],
    ],
    [
      'check_suite',
      bodies.checkSuite('rerequested'),
      [pull, publish, { ...pull, key: '7:6' }, { ...publish, key: '7:6' }],
    ],
  ])('%s %#', async (event, body, wake) => {
    const at = setUp()
    expect(await at.send(event, body)).toEqual({ status: 202, body: { result: 'new', delivery: guid } })
    expect(at.accepted).toHaveLength(1)
    expect(at.accepted[0]?.wake).toEqual(wake)
    expect(at.accepted[0]?.delivery).toMatchObject({
      guid,
      event,
      body: bytes(body),
      receivedAt: 1_700_000_000_000,
      repository: 7,
    })
    expect(await at.send(event, body)).toEqual({ status: 202, body: { result: 'known', delivery: guid } })
    expect(at.accepted).toHaveLength(1)
  })

  test('what the stored row says beside the body', async () => {
    const at = setUp()
    await at.send('push', bodies.push('refs/heads/topic'))
    await at.send('pull_request_review', bodies.review(), { 'x-github-delivery': 'ANOTHER-1' })
    await at.send('merge_group', bodies.mergeGroup(), { 'x-github-delivery': 'third' })
    expect(at.accepted.map(({ delivery }) => delivery)).toMatchObject([
      { ref: 'refs/heads/topic' },
      { pull: 5, guid: 'another-1' },
      { ref: bodies.group },
    ])
    expect(at.accepted[0]?.delivery).not.toHaveProperty('pull')
  })
})

describe('acknowledged and not stored', () => {
  test.each<[string, object]>([
    ['ping', { zen: 'Design for failure.', hook_id: 1 }],
    ['star', { action: 'created', repository: bodies.repository }],
    ['__proto__', {}],
    ['pull_request', bodies.pullRequest('labeled')],
    ['pull_request', bodies.pullRequest('review_requested')],
    ['issue_comment', { ...bodies.comment('/gitsudo revoke'), action: 'edited' }],
    ['check_run', bodies.checkRun('completed')],
    ['pull_request', { ...bodies.pullRequest('opened'), repository: { id: 8, full_name: 'acme/access' } }],
    ['repository', { action: 'edited', repository: { id: 8, full_name: 'mallory/access' } }],
    [
      'installation_repositories',
      { action: 'removed', installation: { id: 1 }, repositories_removed: [{ id: 8 }] },
    ],
  ])('%s %#', async (event, body) => {
    const at = setUp()
    expect(await at.send(event, body)).toMatchObject({ status: 202, body: { result: 'ignored' } })
    expect(at.accepted).toEqual([])
    expect(at.lines).toMatchObject([{ level: 'info' }])
  })

  test.each<[string, object, string]>([
    ['installation', { action: 'suspend', installation: { id: 1 } }, 'github.installation_changed'],
    [
      'installation_repositories',
      { action: 'removed', installation: { id: 1 }, repositories_removed: [{ id: 7 }] },
      'github.installation_changed',
    ],
    [
      'repository',
      { action: 'renamed', repository: { id: 7, full_name: 'acme/other' } },
      'github.repository_changed',
    ],
  ])('%s alerts', async (event, body, alert) => {
    const at = setUp()
    expect(await at.send(event, body)).toMatchObject({ status: 202 })
    expect(at.lines).toMatchObject([{ level: 'alert', message: alert }])
  })
})

describe('refused', () => {
  const misfits: readonly (readonly [string, unknown])[] = [
    // A comment under a review's name, a review under a comment's, and so on round (trust.md 2.10).
    ['pull_request_review', bodies.comment('approved')],
    ['pull_request', bodies.review()],
    ['issue_comment', bodies.review()],
    ['push', bodies.pullRequest('opened')],
    ['pull_request_review', bodies.pullRequest('opened')],
    ['pull_request_review_comment', bodies.review()],
    ['star', bodies.review()],
    ['installation', bodies.push()],
    ['pull_request_review', { ...bodies.review(), review: { id: '31' } }],
    ['pull_request', { ...bodies.pullRequest('opened'), number: 6 }],
    ['pull_request', bodies.pullRequest('opened', { head: { sha: 'HEAD' } })],
    ['push', bodies.push('main')],
    ['push', bodies.mergeGroup()],
    ['merge_group', bodies.push()],
    ['merge_group', bodies.mergeGroup('checks_requested', { base_sha: 'main' })],
    ['merge_group', bodies.mergeGroup('checks_requested', { head_ref: 'refs/tags/a' })],
    ['push', bodies.push('refs/heads/main', { repository: { id: 0, full_name: '' } })],
    ['check_run', bodies.checkRun('rerequested', { pull_requests: [{ number: -1 }] })],
    ['push', 'payload=%7B%7D'],
    ['push', '[]'],
    ['push', 'null'],
  ]
  test.each(misfits)('400: %s %#', async (event, body) => {
    const at = setUp()
    expect(await at.send(event, body)).toMatchObject({ status: 400, body: { result: 'refused' } })
    expect(at.accepted).toEqual([])
  })

  test('400: headers that are missing or malformed', async () => {
    const at = setUp()
    const body = bytes(bodies.push())
    const headers = { 'x-hub-signature-256': sign(body), 'x-github-event': 'push' }
    expect(await at.intake(headers, body)).toMatchObject({ status: 400 })
    expect(await at.intake({ ...headers, 'x-github-delivery': "'; drop table" }, body)).toMatchObject({
      status: 400,
    })
    expect(
      await at.intake({ 'x-hub-signature-256': sign(body), 'x-github-delivery': guid }, body),
    ).toMatchObject({ status: 400 })
  })

  test('401: no signature, another secret, another hash, an empty body, bytes that are not text', async () => {
    const at = setUp()
    const body = bodies.push()
    for (const signature of [
      '',
      'sha256=',
      sign(bytes(body), 'other'),
      sign(bytes(body)).replace('sha256', 'sha1'),
      sign(bytes(body)).toUpperCase(),
    ]) {
      expect(await at.send('push', body, { 'x-hub-signature-256': signature })).toMatchObject({ status: 401 })
    }
    const headers = { 'x-github-event': 'push', 'x-github-delivery': guid }
    expect(await at.intake(headers, bytes(body))).toMatchObject({ status: 401 })
    expect(
      await at.intake({ ...headers, 'x-hub-signature-256': sign(Buffer.alloc(0)) }, Buffer.alloc(0)),
    ).toMatchObject({ status: 401 })
    // In a string each broken byte is the same replacement character as the one that was signed.
    const signed = bytes(JSON.stringify(bodies.push('refs/heads/\ufffd')))
    const altered = Buffer.concat([
      signed.subarray(0, signed.indexOf(0xef)),
      Buffer.from([0xff]),
      signed.subarray(signed.indexOf(0xef) + 3),
    ])
    expect(altered.toString()).toBe(signed.toString())
    expect(await at.intake({ ...headers, 'x-hub-signature-256': sign(signed) }, altered)).toMatchObject({
      status: 401,
    })
    expect(at.accepted).toEqual([])
  })

  test('413: more than GitHub ever sends', async () => {
    const at = setUp()
    const body = Buffer.alloc(25 * 1024 * 1024 + 1, 32)
    expect(await at.intake({ 'x-hub-signature-256': sign(body) }, body)).toMatchObject({ status: 413 })
  })
})

test('while the secret is being replaced both are good, and afterwards one', async () => {
  const both = setUp(['new', 'old'])
  const body = bodies.push()
  for (const by of ['new', 'old'])
    expect(await both.send('push', body, { 'x-hub-signature-256': sign(bytes(body), by) })).toMatchObject({
      status: 202,
    })
  const one = setUp(['new'])
  expect(await one.send('push', body, { 'x-hub-signature-256': sign(bytes(body), 'old') })).toMatchObject({
    status: 401,
  })
  expect(() => setUp([''])).toThrow('empty')
})

test('a fault of the store is not acknowledged', async () => {
  const { log } = rememberingLog()
  const accept = () => Promise.reject(new Error('the database is away'))
  const intake = createIntake({
    secrets: [secret],
    repositories: [{ id: 7, fullName: 'acme/access', branch: 'main' }],
    accept,
    log,
    clock: { now: () => 0 },
  })
  const body = bytes(bodies.push())
  const headers = { 'x-github-event': 'push', 'x-github-delivery': guid, 'x-hub-signature-256': sign(body) }
  await expect(intake(headers, body)).rejects.toThrow('the database is away')
})

test('no alteration of body or signature is ever accepted', async () => {
  const original = bytes(bodies.review())
  const alter = fc.oneof(
    fc.record({
      kind: fc.constant('flip' as const),
      at: fc.nat(original.length - 1),
      bit: fc.integer({ min: 1, max: 255 }),
    }),
    fc.record({
      kind: fc.constant('cut' as const),
      at: fc.nat(original.length - 1),
      length: fc.integer({ min: 1, max: 40 }),
    }),
    fc.record({
      kind: fc.constant('insert' as const),
      at: fc.nat(original.length),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
    }),
    fc.record({
      kind: fc.constant('signature' as const),
      text: fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f]{64}$/)),
    }),
  )
  await fc.assert(
    fc.asyncProperty(alter, async (change) => {
      const at = setUp()
      let body: Uint8Array = original
      let signature = sign(original)
      if (change.kind === 'flip')
        body = original.map((byte, i) => (i === change.at ? byte ^ change.bit : byte))
      if (change.kind === 'cut')
        body = Buffer.concat([original.subarray(0, change.at), original.subarray(change.at + change.length)])
      if (change.kind === 'insert')
        body = Buffer.concat([original.subarray(0, change.at), change.bytes, original.subarray(change.at)])
      if (change.kind === 'signature') signature = `sha256=${change.text}`
      const answer = await at.intake(
        {
          'x-github-event': 'pull_request_review',
          'x-github-delivery': guid,
          'x-hub-signature-256': signature,
        },
        body,
      )
      expect(answer.status).toBe(401)
      expect(at.accepted).toEqual([])
    }),
    { numRuns: 500 },
  )
})

test('whatever is signed and whatever the headers say, only a body that fits its event is stored', async () => {
  const known = [
    bodies.pullRequest('opened'),
    bodies.review(),
    bodies.push(),
    bodies.comment('/gitsudo revoke'),
    bodies.checkRun('rerequested'),
    bodies.checkSuite('rerequested'),
  ]
  const names = ['pull_request', 'pull_request_review', 'push', 'issue_comment', 'check_run', 'check_suite']
  const body = fc.oneof(
    fc.constantFrom(...known),
    fc.json().map((text) => JSON.parse(text) as unknown),
    fc.tuple(fc.constantFrom(...known), fc.constantFrom(...known)).map(([one, two]) => ({ ...one, ...two })),
    fc
      .tuple(fc.constantFrom(...known), fc.string(), fc.jsonValue())
      .map(([one, key, value]) => ({ ...one, [key]: value })),
    fc
      .tuple(
        fc.constantFrom(...known),
        fc.constantFrom('action', 'review', 'pull_request', 'repository', 'number', 'sender', 'ref'),
        fc.jsonValue(),
      )
      .map(([one, key, value]) => ({ ...one, [key]: value })),
  )
  const event = fc.oneof(
    fc.constantFrom(...names),
    fc.string(),
    fc.constantFrom('installation', 'repository', 'constructor'),
  )
  await fc.assert(
    fc.asyncProperty(event, body, async (name, said) => {
      const at = setUp()
      const answer = await at.send(name, said)
      expect([202, 400, 401]).toContain(answer.status)
      for (const { delivery } of at.accepted) {
        expect(names).toContain(delivery.event)
        expect(JSON.parse(Buffer.from(delivery.body).toString()).repository.id).toBe(7)
        const has = (key: string) => typeof said === 'object' && said !== null && key in said
        if (delivery.event !== 'pull_request_review') expect(has('review')).toBe(false)
        if (delivery.event === 'pull_request') expect(has('comment')).toBe(false)
      }
    }),
    { numRuns: 1000 },
  )
})

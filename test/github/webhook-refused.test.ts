import { describe, expect, test } from 'vitest'
import { createIntake } from '../../app/github/webhook.ts'
import * as bodies from './bodies.ts'
import { bytes, guid, secret, setUp, sign } from './intake.ts'
import { rememberingLog } from './log.ts'

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

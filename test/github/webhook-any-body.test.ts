import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as bodies from './bodies.ts'
import { bytes, guid, setUp, sign } from './intake.ts'

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

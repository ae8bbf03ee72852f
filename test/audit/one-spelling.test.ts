// Whoever writes into the database can put what was signed on record again only as the same bytes, which the ledger has.
import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { bodyOf, EventError, eventOf } from '../../app/audit/body.ts'
import { leafHash, linkHash, originHead } from '../../app/audit/chain.ts'
import { noteKey } from '../../app/audit/note.ts'
import { signEvent, signingKeyId } from '../../app/audit/signature.ts'
import { createVerifier } from '../../app/audit/verify.ts'
import { testEvent } from '../support/events.ts'

const pair = () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return { publicKey, privateKey, id: signingKeyId(publicKey) }
}
const [known, stranger] = [pair(), pair()]
const event = testEvent(1, { type: 'grant.issued' })
const signed = signEvent(event, known)
const text = Buffer.from(bodyOf(signed)).toString('utf8')
const spellings = {
  'a space before it': ` ${text}`,
  'a line feed after it': `${text}\n`,
  'its keys in another order': JSON.stringify(Object.fromEntries(Object.entries(signed).toReversed())),
  'a letter escaped': text.replace('"grant.issued"', '"grant.\\u0069ssued"'),
  'a key twice': text.replace('"v":1', '"v":2,"v":1'),
}

test('the bytes of an event are read', () => expect(eventOf(Buffer.from(text))).toEqual(signed))

test.each(Object.entries(spellings))('%s: no event', (_, other) => {
  expect(JSON.parse(other)).toEqual(signed)
  expect(() => eventOf(Buffer.from(other))).toThrow(EventError)
})

const verified = (body: Uint8Array) => {
  const verifier = createVerifier('acme', { keys: [noteKey('acme', known.publicKey)] })
  const leaf = leafHash(body)
  verifier.push({ seq: 1, body, leaf, chain: linkHash(originHead('acme'), 1, leaf) })
  return verifier.end()
}

test('verify takes a known signature, and nobody else’s', () => {
  expect(verified(bodyOf(signed))).toMatchObject({ ok: true, marks: { signatures: 1 } })
  const forged = verified(bodyOf(signEvent(event, stranger)))
  expect(forged).toMatchObject({ ok: false, seq: 1, what: 'data.sig', found: `one by ${stranger.id}` })
})

test('a signature over what no bytes of ours can say: verify says so, and goes on', () => {
  const failed = signEvent(testEvent(1, { type: 'grant.failed', data: { why: 'x' } }), known)
  const half = Buffer.from(bodyOf(failed)).toString('utf8').replace('"why":"x"', '"why":"\\ud800"')
  expect(verified(Buffer.from(half))).toMatchObject({ ok: false, seq: 1, what: 'body' })
})

test.each(Object.entries(spellings))('%s: verify says so', (_, other) => {
  expect(verified(Buffer.from(other))).toMatchObject({ ok: false, seq: 1, what: 'body' })
})

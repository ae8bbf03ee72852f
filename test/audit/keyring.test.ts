import { generateKeyPairSync, verify } from 'node:crypto'
import { expect, test } from 'vitest'
import { canonicalBytes } from '../../app/audit/canonical.ts'
import { createKeyring } from '../../app/audit/keyring.ts'
import { testEvent } from '../support/events.ts'

const [old, current] = [generateKeyPairSync('ed25519'), generateKeyPairSync('ed25519')]
const publicKeys = new Map([
  ['old', old.publicKey],
  ['current', current.publicKey],
])
const macSecrets = new Map([
  ['m1', Buffer.alloc(32, 1)],
  ['m2', Buffer.alloc(32, 2)],
])
const keyring = createKeyring({
  ...{ publicKeys, macSecrets, macKey: 'm2' },
  signing: { id: 'current', privateKey: current.privateKey },
})
const before = createKeyring({
  ...{ publicKeys, macSecrets, macKey: 'm1' },
  signing: { id: 'old', privateKey: old.privateKey },
})

test('a signature holds over exactly its event, by old and new keys, until they are removed', () => {
  const event = testEvent(1, { type: 'grant.intended', grant: 'req_X' })
  expect(keyring.verify(keyring.sign(event))).toBe(true)
  expect(keyring.verify(before.sign(event))).toBe(true)
  const without = createKeyring({
    ...{ macSecrets, macKey: 'm2', publicKeys: new Map([['current', current.publicKey]]) },
    signing: { id: 'current', privateKey: current.privateKey },
  })
  expect(without.verify(before.sign(event))).toBe(false)
  expect(keyring.sign(before.sign(event))).toEqual(keyring.sign(event))
})

test('what is signed is the label and the RFC 8785 bytes of the event without its signature', () => {
  const { data, ...rest } = keyring.sign(testEvent(1))
  const { sig, ...bare } = data as { sig: { key: string; value: string }; n: number }
  const bytes = Buffer.concat([Buffer.from('gitsudo intent v1\n'), canonicalBytes({ ...rest, data: bare })])
  expect(verify(null, bytes, current.publicKey, Buffer.from(sig.value, 'base64'))).toBe(true)
})

test('any change breaks a signature', () => {
  const signed = keyring.sign(testEvent(1))
  const sig = signed.data.sig as { key: string; value: string }
  const changed = [
    { ...signed, commit: 'd'.repeat(40) },
    { ...signed, pull: 8 },
    { ...signed, data: { ...signed.data, n: 2 } },
    { ...signed, data: { ...signed.data, more: null } },
    { ...signed, data: { ...signed.data, sig: { ...sig, key: 'old' } } },
    { ...signed, data: { ...signed.data, sig: { ...sig, key: 'unknown' } } },
    { ...signed, data: { ...signed.data, sig: { ...sig, value: `${sig.value}\n` } } },
    { ...signed, data: { ...signed.data, sig: { ...sig, extra: 1 } } },
    { ...signed, data: { ...signed.data, sig: sig.value } },
    { ...signed, data: { n: 1 } },
  ]
  for (const event of changed) expect(keyring.verify(event)).toBe(false)
})

test('a MAC holds for its kind and columns, under old and new keys', () => {
  const columns = { guid: 'g', at: 1 }
  expect(keyring.macHolds('delivery', { at: 1, guid: 'g' }, keyring.mac('delivery', columns))).toBe(true)
  expect(keyring.macHolds('delivery', columns, before.mac('delivery', columns))).toBe(true)
  const mac = keyring.mac('delivery', columns)
  expect(keyring.macHolds('staged', columns, mac)).toBe(false)
  expect(keyring.macHolds('delivery', { ...columns, at: 2 }, mac)).toBe(false)
  expect(keyring.macHolds('delivery', columns, { ...mac, key: 'm1' })).toBe(false)
  expect(keyring.macHolds('delivery', columns, { ...mac, key: 'm3' })).toBe(false)
  expect(keyring.macHolds('delivery', columns, { ...mac, value: '' })).toBe(false)
})

import { hash, type KeyObject, sign, verify } from 'node:crypto'
import { canonicalBytes } from './canonical.ts'
import type { LedgerEvent, Signature } from './event.ts'

/** The event with `data.sig`: Ed25519 over `gitsudo intent v1\n` ‖ RFC 8785 of the event without it (audit.md). */
export function signEvent(
  event: LedgerEvent,
  key: { readonly id: string; readonly privateKey: KeyObject },
): LedgerEvent {
  const bare = unsigned(event)
  const value = sign(null, signedBytes(bare), key.privateKey).toString('base64')
  return { ...bare, data: { ...bare.data, sig: { key: key.id, value } satisfies Signature } }
}

/** Whether `data.sig` is a known key's signature over exactly this event. */
export function signatureHolds(event: LedgerEvent, publicKeys: ReadonlyMap<string, KeyObject>): boolean {
  const signature = signatureOf(event)
  const key = signature && publicKeys.get(signature.key)
  if (!signature || !key) return false
  const value = Buffer.from(signature.value, 'base64')
  // One spelling of one signature: base64 decoding is lenient.
  if (value.toString('base64') !== signature.value) return false
  return verify(null, signedBytes(unsigned(event)), key, value)
}

/** By which `data.sig` names a key: the first 16 hex digits of SHA-256 over its SPKI. */
export const signingKeyId = (publicKey: KeyObject): string =>
  hash('sha256', publicKey.export({ type: 'spki', format: 'der' }), 'hex').slice(0, 16)

/** `data.sig`, where it is written as one; whether it holds is another question. */
export function signatureOf({ data }: LedgerEvent): Signature | undefined {
  const sig = data.sig
  if (typeof sig !== 'object' || sig === null || Array.isArray(sig)) return undefined
  const { key, value, ...rest } = sig as { readonly [name: string]: unknown }
  if (typeof key !== 'string' || typeof value !== 'string' || Object.keys(rest).length > 0) return undefined
  return { key, value }
}

function unsigned(event: LedgerEvent): LedgerEvent {
  const { sig: _, ...data } = event.data
  return { ...event, data }
}

function signedBytes(event: LedgerEvent): Uint8Array {
  return Buffer.concat([Buffer.from('gitsudo intent v1\n', 'utf8'), canonicalBytes(event)])
}

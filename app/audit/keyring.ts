import { createSecretKey, type KeyObject } from 'node:crypto'
import type { LedgerEvent } from './event.ts'
import { type Mac, macHolds, macOf } from './mac.ts'
import { signatureHolds, signEvent } from './signature.ts'

/** Old keys stay in the maps, to verify, until they are removed. */
export type KeyringParts = {
  readonly signing: { readonly id: string; readonly privateKey: KeyObject }
  readonly publicKeys: ReadonlyMap<string, KeyObject>
  /** Which of `macSecrets` makes new MACs. */
  readonly macKey: string
  readonly macSecrets: ReadonlyMap<string, Uint8Array>
}

export type Keyring = {
  sign(event: LedgerEvent): LedgerEvent
  verify(event: LedgerEvent): boolean
  mac(kind: string, columns: Readonly<Record<string, unknown>>): Mac
  macHolds(kind: string, columns: Readonly<Record<string, unknown>>, mac: Mac): boolean
}

/** The keys port over keys that somebody else read (trust.md 5). */
export function createKeyring(parts: KeyringParts): Keyring {
  // Once: bytes are made a key anew for each MAC, which takes six times as long as the MAC.
  const secrets = new Map([...parts.macSecrets].map(([id, bytes]) => [id, createSecretKey(bytes)]))
  const secret = secrets.get(parts.macKey)
  if (!secret) throw new RangeError(`There is no MAC key ${parts.macKey}.`)
  return {
    sign: (event) => signEvent(event, parts.signing),
    verify: (event) => signatureHolds(event, parts.publicKeys),
    mac: (kind, columns) => macOf(kind, columns, { id: parts.macKey, secret }),
    macHolds: (kind, columns, mac) => macHolds(kind, columns, mac, secrets),
  }
}

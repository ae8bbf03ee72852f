import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'
import { canonicalBytes } from './canonical.ts'

export type Mac = { readonly key: string; readonly value: string }
type Columns = Readonly<Record<string, unknown>>

/** HMAC-SHA-256 over `gitsudo <kind> v1\n` ‖ RFC 8785 of the named columns (audit.md). */
export function macOf(
  kind: string,
  columns: Columns,
  key: { readonly id: string; readonly secret: KeyObject },
): Mac {
  return { key: key.id, value: code(kind, columns, key.secret).toString('base64') }
}

/** In constant time, under the key that the MAC names; false for a key that is not known (any more). */
export function macHolds(
  kind: string,
  columns: Columns,
  mac: Mac,
  secrets: ReadonlyMap<string, KeyObject>,
): boolean {
  const secret = secrets.get(mac.key)
  if (!secret) return false
  const given = Buffer.from(mac.value, 'base64')
  const due = code(kind, columns, secret)
  return given.length === due.length && timingSafeEqual(given, due)
}

function code(kind: string, columns: Columns, secret: KeyObject): Buffer {
  return createHmac('sha256', secret).update(`gitsudo ${kind} v1\n`).update(canonicalBytes(columns)).digest()
}

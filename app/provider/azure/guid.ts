import { createHash } from 'node:crypto'

/** The namespace of gitsudo's names in Azure: fixed for ever. */
const namespace = Buffer.from('7d3f1e5c2a984b60a1d24c8e5f0b9637', 'hex')

/** A GUID that says nothing and is always the same for the same parts (RFC 9562, version 5). */
export const guidOf = (...parts: readonly string[]): string => {
  const bytes = createHash('sha1').update(namespace).update(JSON.stringify(parts)).digest().subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

import { hash } from 'node:crypto'

/** SHA-256. By way of a string: crypto allocates each buffer it hands out apart, which costs more than the hash. */
export const sha256 = (bytes: Uint8Array): Uint8Array => {
  const digest = hash('sha256', bytes, 'binary')
  const hashed = new Uint8Array(32)
  for (let at = 0; at < 32; at += 1) hashed[at] = digest.charCodeAt(at)
  return hashed
}

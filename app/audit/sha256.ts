import { hash } from 'node:crypto'

/** SHA-256. By way of a string: crypto allocates each buffer it hands out apart, which costs more than the hash. */
export const sha256 = (bytes: Uint8Array): Uint8Array =>
  Buffer.from(hash('sha256', bytes, 'binary'), 'binary')

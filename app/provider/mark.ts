import { hash } from 'node:crypto'

/** The first 8 base-32 characters of a text's hash, as marks carry the instance (providers.md). */
export const base32 = (text: string): string => {
  const bits = BigInt(`0x${hash('sha256', text, 'hex').slice(0, 10)}`)
  return bits.toString(32).padStart(8, '0')
}

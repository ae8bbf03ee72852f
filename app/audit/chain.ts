import { sha256 } from './sha256.ts'

/** SHA-256(0x00 ‖ body): what an event is known by. */
export function leafHash(body: Uint8Array): Uint8Array {
  if (body.length >= leafInput.length) return sha256(Buffer.concat([leafPrefix, body]))
  leafInput.set(body, 1)
  return sha256(leafInput.subarray(0, body.length + 1))
}

/** chain_n = SHA-256(0x02 ‖ chain_{n-1} ‖ uint64be(n) ‖ leaf_n) */
export function linkHash(previous: Uint8Array, seq: number, leaf: Uint8Array): Uint8Array {
  // What is stored may have any length.
  const input =
    previous.length === 32 && leaf.length === 32
      ? linkInput
      : Buffer.alloc(9 + previous.length + leaf.length, 0x02)
  input.set(previous, 1)
  input.writeUInt32BE(Math.floor(seq / 2 ** 32), 1 + previous.length)
  input.writeUInt32BE(seq % 2 ** 32, 5 + previous.length)
  input.set(leaf, 9 + previous.length)
  return sha256(input)
}

/** chain_0: what the first link is made to, so that two instances' ledgers never mix. */
export function originHead(origin: string): Uint8Array {
  return sha256(Buffer.from(`gitsudo ledger v1\n${origin}\n`, 'utf8'))
}

const leafPrefix = Buffer.from([0x00])
// Written anew for each hash: millions are made in a row, and an allocation costs as much as the hash.
const leafInput = Buffer.alloc(4096)
const linkInput = Buffer.alloc(73, 0x02)

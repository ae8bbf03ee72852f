import { hash } from 'node:crypto'

/** SHA-256(0x00 ‖ body): what an event is known by. */
export function leafHash(body: Uint8Array): Uint8Array {
  return sha256(Buffer.concat([leafPrefix, body]))
}

/** chain_n = SHA-256(0x02 ‖ chain_{n-1} ‖ uint64be(n) ‖ leaf_n) */
export function linkHash(previous: Uint8Array, seq: number, leaf: Uint8Array): Uint8Array {
  const number = Buffer.alloc(8)
  number.writeBigUInt64BE(BigInt(seq))
  return sha256(Buffer.concat([linkPrefix, previous, number, leaf]))
}

/** chain_0: what the first link is made to, so that two instances' ledgers never mix. */
export function originHead(origin: string): Uint8Array {
  return sha256(Buffer.from(`gitsudo ledger v1\n${origin}\n`, 'utf8'))
}

const leafPrefix = Buffer.from([0x00])
const linkPrefix = Buffer.from([0x02])

function sha256(bytes: Uint8Array): Uint8Array {
  return hash('sha256', bytes, 'buffer')
}

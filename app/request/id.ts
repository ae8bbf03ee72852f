import { hash } from 'node:crypto'
import type { RequestId } from './request.ts'

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const shape = /^req[_-]([0-9A-HJKMNP-TV-Z]{26})$/i

/**
 * The id of the request at `path` of a pull request (0 for a push without one), the same for its grant:
 * whoever knows the three computes it without asking.
 */
export function requestId(repositoryId: number, pull: number, path: string): RequestId {
  const digest = hash('sha256', `${repositoryId}\n${pull}\n${path}`, 'hex')
  // 26 characters of 5 bits are the first 130 bits: 33 hexadecimal digits are 132.
  const bits = BigInt(`0x${digest.slice(0, 33)}`) >> 2n
  let characters = ''
  for (let shift = 125n; shift >= 0n; shift -= 5n) characters += crockford[Number((bits >> shift) & 31n)]
  return `req_${characters}`
}

/** An id as a person or a cloud wrote it, in any case, with `_` or `-`; undefined when it is none. */
export function parseRequestId(text: string): RequestId | undefined {
  const characters = shape.exec(text.trim())?.[1]
  return characters === undefined ? undefined : `req_${characters.toUpperCase()}`
}

/** The id as clouds take it in names: lower case, with `-`. */
export function cloudName(id: RequestId): string {
  return id.toLowerCase().replace('_', '-')
}

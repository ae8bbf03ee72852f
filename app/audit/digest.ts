import { hash } from 'node:crypto'
import { canonicalBytes } from './canonical.ts'

/** Lower-case hex SHA-256 over a value's RFC 8785 bytes. */
export const digestOf = (value: unknown): string => hash('sha256', canonicalBytes(value), 'hex')

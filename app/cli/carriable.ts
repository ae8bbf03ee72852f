import { Failure } from './failure.ts'

/**
 * The token, if a header can hold it; what is blank at its end is left out there. Throws `Failure`, which names where
 * it is `from` and never the token.
 */
export function carriable(token: string, from: string): string {
  if (/^[\t\x20-\x7e\x80-\xff]*$/.test(token.replace(/[\t\r\n ]+$/, ''))) return token
  throw new Failure(
    'usage',
    `The token of ${from} holds what HTTP cannot carry.`,
    'look for a line break or a letter that is in no token, or get a new one with gitsudo login',
  )
}

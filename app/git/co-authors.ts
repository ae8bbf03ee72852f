import type { Signatory } from '../reconcile/ports/git.ts'
import { own } from './own.ts'

const trailer = /^[ \t]*co-authored-by:/gim
const address = /<([^<>]*)>/

/**
 * Whoever a commit's message names as co-author, in any line that reads as one and not only in its last paragraph: a
 * co-author is banned from approving, never credited. Each character is read once or twice, whatever anybody wrote.
 */
export function coAuthorsOf(message: string): readonly Signatory[] {
  const starts = [...message.matchAll(trailer)]
  return starts.flatMap(({ 0: { length }, index }, n) => {
    const from = index + length
    const [line = ''] = message.slice(from, starts[n + 1]?.index).split('\n', 1)
    const found = address.exec(line)
    return found === null
      ? []
      : [{ name: own(line.slice(0, found.index).trim()), email: own(found[1] ?? '') }]
  })
}

import type { Fault, FaultCode } from './fault.ts'
import { lineIndex } from './lines.ts'
import { codePoint, control, hidden } from './quote.ts'

/** How much of a file is looked at: its bytes, the nesting of its collections, the number of its values. */
export type Limits = { readonly bytes: number; readonly depth: number; readonly values: number }

/** A file whose every character is wrong is shown this many of each kind. */
const mostCharacterFaults = 20

/**
 * A file's bytes as text, or why they are not text. The text has spaces where refused characters
 * stood, so that the rest can still be read and every fault be shown at once.
 * CRLF is a line ending like LF: Git on Windows writes it, and the values are the same either way.
 */
export function readText(
  bytes: Uint8Array,
  file: string,
  limits: Limits,
): { readonly text?: string; readonly faults: readonly Fault[] } {
  const refused = (code: FaultCode, message: string, remedy: string, line = 1, column = 1) => ({
    faults: [{ file, line, column, code, message, remedy }],
  })
  if (bytes.length > limits.bytes) {
    const message = `the file has ${bytes.length} bytes, and at most ${limits.bytes} are read`
    return refused('too_large', message, 'make the file shorter')
  }
  const wide = wideEncoding(bytes)
  if (wide !== undefined) return refused('not_utf8', `the file is written in ${wide}`, 'save it as UTF-8')
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  const decoded = decoder.decode(bytes)
  const bad = firstDifference(bytes, new TextEncoder().encode(decoded))
  if (bad !== undefined) {
    const before = decoder.decode(bytes.subarray(0, bad))
    const { line, column } = lineIndex(before)(before.length)
    const byte = bytes[bad]?.toString(16).toUpperCase().padStart(2, '0')
    const message =
      byte === undefined ? 'the file ends inside a character' : `the byte ${byte} here is not UTF-8`
    return refused('not_utf8', message, 'save the file as UTF-8', line, column)
  }
  const faults: Fault[] = []
  const marked = decoded.startsWith('\uFEFF')
  if (marked) {
    const message = 'the file starts with a byte order mark'
    faults.push(...refused('byte_order_mark', message, 'save it as UTF-8 without a byte order mark').faults)
  }
  const text = marked ? decoded.slice(1) : decoded
  const place = lineIndex(text)
  for (const { code, runs, what, remedy } of refusedCharacters) {
    for (const match of text.matchAll(runs).take(mostCharacterFaults)) {
      const range = place(match.index, match.index + match[0].length)
      const message = `the ${what} U+${codePoint(match[0])} is not allowed`
      faults.push({ file, ...range, code, message, remedy })
    }
  }
  const clean = refusedCharacters.reduce((rest, { runs }) => rest.replace(runs, blanks), text)
  return { text: clean, faults }
}

const refusedCharacters = [
  {
    code: 'control_character' as const,
    // A carriage return ends a line only before LF; alone it lets two tools count lines differently.
    runs: new RegExp(`(?:(?!\\t|\\r?\\n)${control.source})+`, 'gu'),
    what: 'control character',
    remedy: 'remove it; lines end with LF or CRLF',
  },
  {
    code: 'hidden_character' as const,
    runs: new RegExp(`(?:${hidden.source})+`, 'gu'),
    what: 'invisible or direction-changing character',
    remedy: 'remove it',
  },
]

function blanks(run: string): string {
  return ' '.repeat(run.length)
}

function wideEncoding([a, b, c, d]: Uint8Array): string | undefined {
  if (a === 0xff && b === 0xfe) return c === 0 && d === 0 ? 'UTF-32' : 'UTF-16'
  if (a === 0xfe && b === 0xff) return 'UTF-16'
  if (a === 0 && b === 0 && ((c === 0xfe && d === 0xff) || (c === 0 && d !== 0 && d !== undefined)))
    return 'UTF-32'
  // Without a mark, a file that starts with an ASCII character gives itself away by its zero bytes.
  if ((a === 0 && b !== 0 && d !== 0 && c === 0) || (a !== 0 && b === 0 && c !== 0 && d === 0))
    return 'UTF-16'
  if (a !== 0 && b === 0 && d === 0) return 'UTF-32'
  return undefined
}

function firstDifference(a: Uint8Array, b: Uint8Array): number | undefined {
  const shorter = Math.min(a.length, b.length)
  for (let at = 0; at < shorter; at++) if (a[at] !== b[at]) return at
  return a.length === b.length ? undefined : shorter
}

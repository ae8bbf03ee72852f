import { type Event, parseEvents, YAMLException } from 'js-yaml'
import { quote } from './quote.ts'

/** A line that YAML cannot read: the offset where reading stopped, why, and what to write instead. */
export type SyntaxFault = {
  readonly offset: number
  readonly code: 'syntax' | 'too_deep'
  readonly message: string
  readonly remedy: string
}

/** A file that fails again and again is read so often only while it is short: time stays bounded. */
const attempts = (text: string) => (text.length > 16_384 ? 2 : 12)
const shifted = 'bad indentation of a mapping entry'
const streamEnd = 'end of the stream'
const unclosed = /^unexpected end|^deficient indentation/

/**
 * The parser's events, and every line it could not read. The parser stops at its first fault: that line
 * is blanked and the text read again, so that one slip does not hide the others. When the text cannot be
 * read even so, there are no events. `depth` collections may nest.
 */
export function readEvents(
  text: string,
  depth: number,
): { readonly events?: readonly Event[]; readonly text?: string; readonly faults: readonly SyntaxFault[] } {
  const faults: SyntaxFault[] = []
  let rest = text
  let blanked = 0
  for (let left = attempts(text); left > 0; left--) {
    try {
      // Depth is counted exactly by whoever walks the events. The parser counts a scalar as a level, and
      // one more where a flow collection starts in block style, for it may be the key of a mapping.
      return { events: parseEvents(rest, { maxDepth: depth + 2 }), text: rest, faults }
    } catch (error) {
      if (!(error instanceof YAMLException) || error.mark === undefined) throw error
      const offset = offender(rest, error, error.mark.position)
      const start = rest.lastIndexOf('\n', offset - 1) + 1
      const newline = rest.indexOf('\n', offset)
      const end = newline === -1 ? rest.length : newline
      const line = rest.slice(start, end)
      const fault = explain(error.reason, offset, depth, line)
      // The lines below a blanked one often lose their parent; that is no fault of theirs.
      const rootless = blanked > 0 && error.reason.startsWith(streamEnd)
      const orphan = blanked > 0 && error.reason === shifted && rest.slice(blanked, start).trim() === ''
      if (!orphan && !rootless) faults.push(fault)
      if (fault.code === 'too_deep' || rootless || start < blanked || line.trim() === '') return { faults }
      rest = rest.slice(0, start) + line.replace(/[^\r]/g, ' ') + rest.slice(end)
      blanked = end
    }
  }
  return { faults: faults.slice(0, 1) }
}

/** The place to mend, which is not always the place where the parser gave up. */
function offender(text: string, { reason }: YAMLException, position: number): number {
  if (unclosed.test(reason)) return opening(text) ?? Math.min(position, text.trimEnd().length)
  // A line without a colon reads as text that goes on below, up to the next colon.
  const colonless =
    reason.includes('multiline key') || (reason.startsWith(streamEnd) && text[position] === ':')
  const before = text.slice(0, text.lastIndexOf('\n', position - 1) + 1).trimEnd()
  return colonless && before !== '' ? before.length - 1 : Math.min(position, text.trimEnd().length)
}

/**
 * Where the quote or bracket opens that the parser saw no end of: the parser stops at the end of the
 * text, which helps nobody. Looks for a line without which the text before it reads.
 */
function opening(text: string): number | undefined {
  if (text.length > 8192) return undefined
  const lines = text.split('\n')
  let good = 0
  let bad = lines.length
  while (bad - good > 1) {
    const middle = (good + bad) >> 1
    if (endsInside(`${lines.slice(0, middle).join('\n')}\n`)) bad = middle
    else good = middle
  }
  const start = lines.slice(0, bad - 1).reduce((sum, line) => sum + line.length + 1, 0)
  const line = lines[bad - 1] ?? ''
  const column = line.search(/["'[{]/)
  return start + (column === -1 ? line.length - line.trimStart().length : column)
}

function endsInside(text: string): boolean {
  try {
    parseEvents(text, {})
    return false
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    return unclosed.test(error.reason)
  }
}

function explain(reason: string, offset: number, depth: number, line: string): SyntaxFault {
  if (reason.startsWith('nesting exceeded')) {
    const message = `collections nest more than ${depth} deep`
    return { offset, code: 'too_deep', message, remedy: 'write it flatter' }
  }
  const unknown = [/^/, reason, 'write it as `name: value`'] as const
  const [, message, remedy] = sayings.find(([pattern]) => pattern.test(reason)) ?? unknown
  return { offset, code: 'syntax', message: message.replace('{line}', () => quote(line.trim())), remedy }
}

const quoteIt = 'put the whole text in double quotes'

/** The parser's reasons in the words of someone who wants to mend the file. */
const sayings: readonly (readonly [RegExp, string, string])[] = [
  [/^tab characters/, 'the line is indented with a tab', 'indent with spaces, two a level'],
  [
    /^bad indentation of a mapping/,
    'YAML cannot read {line} here',
    'align it with its neighbours; text that contains ": " or " #", or starts with one of @ ` % { } [ ] , goes in double quotes',
  ],
  [
    /^bad indentation of a sequence/,
    'the indentation of {line} fits nothing above it',
    'align it with its neighbours, with spaces',
  ],
  [
    /within a (double|single) quoted|^deficient/,
    'a quote or bracket is opened here and not closed',
    'close it',
  ],
  [
    /within a flow collection/,
    'a bracket or brace is opened here and not closed',
    'close it, or write one entry a line',
  ],
  [/missed comma/, 'two entries of a list or mapping in brackets run together', 'put a comma between them'],
  [/^expected the node content/, 'there is a comma too many', 'remove it'],
  [
    /^unknown escape|hexadecimal/,
    'the text in double quotes has a backslash that escapes nothing',
    'write \\\\ for a backslash, or use single quotes',
  ],
  [
    /whitespace character is expected after the key/,
    'a colon is followed by no space',
    'write a space after the colon',
  ],
  [/multiline key|^expected ':'/, '{line} has no colon', 'write each field as `name: value`'],
  [
    /^end of the stream|directives end mark/,
    'YAML cannot read {line} here',
    'write each field as `name: value`, with a space after the colon, aligned with its neighbours',
  ],
  [/alias/, 'an unquoted * starts an alias, and aliases are not read', quoteIt],
  [/anchor/, 'an unquoted & starts an anchor, and anchors are not read', quoteIt],
  [/tag/, 'an unquoted ! starts a tag, and tags are not read', quoteIt],
  [/JSON character|non-printable/, 'there is a control character', 'remove it'],
  [
    /directive|YAML version/,
    'a line that starts with % is a directive, and directives are not read',
    'remove the line',
  ],
  [
    /line break is expected/,
    'text follows | or > on its line',
    'start the text on the next line, or put it in double quotes',
  ],
  [/indentation width|chomping/, 'the signs after | or > are not understood', 'write >- alone'],
]

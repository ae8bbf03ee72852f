/** Everything that can be wrong with a request or a data file; the set is closed. */
export type FaultCode =
  | 'path'
  | 'too_large'
  | 'not_utf8'
  | 'byte_order_mark'
  | 'control_character'
  | 'hidden_character'
  | 'empty'
  | 'syntax'
  | 'too_deep'
  | 'too_many_values'
  | 'second_document'
  | 'directive'
  | 'anchor'
  | 'alias'
  | 'tag'
  | 'merge_key'
  | 'key'
  | 'duplicate_key'
  | 'ambiguous'
  | 'type'
  | 'missing'
  | 'unknown_field'
  | 'value'
  | 'duplicate'
  | 'unknown_login'
  | 'unknown_group'
  | 'unknown_role'
  | 'unknown_scope'
  | 'too_long'
  | 'too_many_faults'

/** One thing wrong with a file, where it is (1-based; columns in UTF-16 units), and what to write instead. */
export type Fault = {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly endLine?: number
  readonly endColumn?: number
  /** JSON pointer of the value at fault, where there is one. */
  readonly pointer?: string
  readonly code: FaultCode
  readonly message: string
  readonly remedy: string
}

/** More would help nobody and let a hostile file fill every channel that shows faults. */
export const mostFaults = 100

/** Faults that are worth wording: more than are shown, so that the first in the file are among them. */
export const mostWorded = 10 * mostFaults

/** Faults in reading order, the first of those that say the same, cut at `mostFaults`. */
export function tidyFaults(faults: readonly Fault[]): readonly Fault[] {
  const seen = new Set<string>()
  const tidy = faults
    .toSorted((a, b) => a.line - b.line || a.column - b.column)
    .filter((fault) => {
      const key = `${fault.line}:${fault.column}:${fault.code}:${fault.message}`
      return !seen.has(key) && seen.add(key)
    })
  if (tidy.length <= mostFaults) return tidy
  const message = `${tidy.length - mostFaults + 1} more faults follow`
  const rest = tidy.slice(mostFaults - 1, mostFaults).map(
    ({ file, line, column }): Fault => ({
      file,
      line,
      column,
      code: 'too_many_faults',
      message,
      remedy: 'mend those above first',
    }),
  )
  return [...tidy.slice(0, mostFaults - 1), ...rest]
}

/** Where a stretch of text lies, 1-based, the end exclusive; columns in UTF-16 units. */
export type Range = {
  readonly line: number
  readonly column: number
  readonly endLine: number
  readonly endColumn: number
}

/** Turns offsets in `text` into lines and columns; a line ends at LF (and so at CRLF). */
export function lineIndex(text: string): (start: number, end?: number) => Range {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  const locate = (offset: number): readonly [number, number] => {
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return [low + 1, offset - (starts[low] ?? 0) + 1]
  }
  return (start, end = start) => {
    const [line, column] = locate(start)
    const [endLine, endColumn] = locate(end)
    return { line, column, endLine, endColumn }
  }
}

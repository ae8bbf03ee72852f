import { stripVTControlCharacters } from 'node:util'
import width from 'string-width'
import { type Sayable, shown } from './said.ts'

const graphemes = new Intl.Segmenter()

/** Columns two spaces apart, each as wide as its widest cell; the last one is cut where the terminal ends. */
export function table(
  head: readonly Sayable[],
  rows: readonly (readonly Sayable[])[],
  columns = Number.POSITIVE_INFINITY,
): string {
  const lines = [head, ...rows].map((cells) => cells.map(shown))
  const widths = head.map((_, column) => Math.max(...lines.map((cells) => width(cells[column] ?? ''))))
  const line = (cells: readonly string[]): string => {
    const last = cells.length - 1
    const before = cells
      .slice(0, last)
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - width(cell) + 2))
      .join('')
    return (before + cut(cells[last] ?? '', columns - width(before))).trimEnd()
  }
  return `${lines.map(line).join('\n')}\n`
}

/** `Name:  value` lines with the values below each other; those without a value are left out. */
export function fields(entries: readonly (readonly [string, Sayable | undefined])[]): string {
  const there = entries.filter((entry): entry is readonly [string, Sayable] => entry[1] !== undefined)
  const widest = Math.max(0, ...there.map(([name]) => name.length))
  return there.map(([name, value]) => `${`${name}:`.padEnd(widest + 2)} ${shown(value)}\n`).join('')
}

function cut(text: string, columns: number): string {
  if (width(text) <= columns) return text
  if (columns < 2) return ''
  let start = ''
  for (const { segment } of graphemes.segment(stripVTControlCharacters(text))) {
    if (width(start + segment) > columns - 1) break
    start += segment
  }
  return `${start}…`
}

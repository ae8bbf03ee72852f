import type { Fault } from './fault.ts'
import { lineIndex, type Range } from './lines.ts'
import { readEvents } from './syntax.ts'
import { type Limits, readText } from './text.ts'
import { type Report, walk } from './walk.ts'

/** Where a value and its key stand in the file, and how an unquoted scalar was spelled. */
export type Place = {
  readonly value: Range
  readonly key?: Range | undefined
  readonly plain?: string | undefined
}

/** One document: its value, and the place of every value in it by JSON pointer (`''` is the whole). */
export type YamlDocument = {
  readonly file: string
  readonly value: unknown
  readonly places: ReadonlyMap<string, Place>
  /** True when lines or merge keys were not read: what is absent may stand there. */
  readonly partial: boolean
}

/**
 * Reads one file as strict YAML: UTF-8, one document, bounded size and nesting, no anchors, aliases,
 * merge keys, tags, directives, duplicate keys, control or hidden characters, and no unquoted scalar that
 * YAML 1.1 and 1.2 take for different things. Never throws on any bytes. Every fault is reported; the
 * document is there beside them whenever enough could be read to check it further.
 */
export function readStrictYaml(
  bytes: Uint8Array,
  file: string,
  limits: Limits,
): { readonly document?: YamlDocument; readonly faults: readonly Fault[] } {
  const { text: source, faults: characterFaults } = readText(bytes, file, limits)
  if (source === undefined) return { faults: characterFaults }
  const place = lineIndex(source)
  const faults: Fault[] = [...characterFaults]
  const add: Report = (code, start, end, message, remedy, pointer) => {
    faults.push({
      file,
      ...place(start, end),
      ...(pointer === undefined ? {} : { pointer }),
      code,
      message,
      remedy,
    })
  }
  const { events, text = source, faults: syntaxFaults } = readEvents(source, limits.depth)
  for (const { code, offset, message, remedy } of syntaxFaults) add(code, offset, offset, message, remedy)
  if (events === undefined) return { faults }
  if (events.length > limits.values) {
    add('too_many_values', 0, 0, `the file has more than ${limits.values} values`, 'make the file shorter')
    return { faults }
  }
  const walked = walk(events, text, limits.depth, (offset) => place(offset).line, add)
  if (walked.spots.size === 0 || (walked.value === null && text.trim() === '')) {
    if (faults.length === 0) add('empty', 0, 0, 'the file is empty', 'write the fields of the schema')
    return { faults }
  }
  const places = new Map(
    [...walked.spots].map(([pointer, { value, key, plain }]) => [
      pointer,
      {
        value: place(...value),
        key: key && place(...key),
        plain,
      },
    ]),
  )
  const partial = syntaxFaults.length > 0 || faults.some(({ code }) => code === 'merge_key')
  const document = { file, value: walked.value, places, partial }
  return { document, faults }
}

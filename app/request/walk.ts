import { EVENT_ID, type Event, getScalarValue, SCALAR_STYLE, type ScalarEvent } from 'js-yaml'
import type { FaultCode } from './fault.ts'
import { codePoint, control, hidden, quote } from './quote.ts'
import { plainScalar } from './scalar.ts'

export type Report = (
  code: FaultCode,
  start: number,
  end: number,
  message: string,
  remedy: string,
  pointer?: string,
) => void
type Span = readonly [start: number, end: number]
/** A value's place by offsets, its key's, and the spelling of an unquoted scalar. */
export type Spot = {
  readonly value: Span
  readonly key: Span | undefined
  readonly plain: string | undefined
}
type Key = { readonly name: string; readonly span: Span; readonly usable: boolean }
/** Longer than any schema's: each value's place is told with all names above it, so that long ones would fill the memory. */
const longestPointer = 256
type Frame = {
  readonly kind: 'document' | 'mapping' | 'sequence'
  readonly pointer: string
  readonly start: number
  /** The key this collection is the value of. */
  readonly under: Key | undefined
  readonly isKey: boolean
  readonly entries: Map<string, unknown>
  /** Where the names of the entries stand. */
  readonly names: Map<string, Span>
  readonly items: unknown[]
  key: Key | undefined
}

/**
 * One pass over the events: the value, each value's spot, and every construct that strict YAML refuses.
 * Stops at a second document.
 */
export function walk(
  events: readonly Event[],
  text: string,
  depth: number,
  lineOf: (offset: number) => number,
  add: Report,
): { readonly value: unknown; readonly spots: ReadonlyMap<string, Spot> } {
  const spots = new Map<string, Spot>()
  const frames: Frame[] = []
  let root: unknown
  let end = 0
  let deep = false

  const open = (kind: Frame['kind'], start: number) => {
    const parent = frames.at(-1)
    const isKey = parent?.kind === 'mapping' && parent.key === undefined
    if (isKey) add('key', start, start + 1, 'a key must be plain text', 'write `name: value`')
    const pointer = parent === undefined || isKey ? '' : childPointer(parent)
    frames.push({
      kind,
      pointer,
      start,
      under: parent?.key,
      isKey,
      entries: new Map(),
      names: new Map(),
      items: [],
      key: undefined,
    })
    if (frames.length > depth + 1 && !deep) {
      deep = true
      add('too_deep', start, start + 1, `collections nest more than ${depth} deep`, 'write it flatter')
    }
  }

  const put = (value: unknown, span: Span, plain?: string) => {
    end = Math.max(end, span[1])
    const parent = frames.at(-1)
    if (parent === undefined) return
    const pointer = childPointer(parent)
    const key = parent.key
    if (parent.kind === 'document') root = value
    else if (parent.kind === 'sequence') parent.items.push(value)
    else if (key === undefined) return
    else {
      parent.key = undefined
      if (!key.usable) return
      parent.entries.set(key.name, value)
    }
    if (spots.has(pointer)) return
    spots.set(pointer, { value: span, key: key?.span, plain })
  }

  const takeKey = (frame: Frame, name: string, span: Span, plain: boolean) => {
    end = Math.max(end, span[1])
    const pointer = childOf(frame.pointer, name)
    const first = frame.names.get(name)
    let usable = true
    const refuse = (code: FaultCode, message: string, remedy: string) => {
      usable = false
      add(code, ...span, message, remedy, pointer)
    }
    if (pointer.length > longestPointer) {
      const message = `the name ${quote(name)} is too long, with those above it`
      add('key', ...span, message, 'choose a shorter name', frame.pointer)
      frame.key = { name: '', span, usable: false }
      return
    }
    if (plain && name === '<<') refuse('merge_key', 'merge keys are not read', 'write the fields out')
    else if (name in Object.prototype) refuse('key', `${quote(name)} cannot be a key`, 'choose another name')
    else if (first !== undefined) {
      const line = lineOf(first[0])
      refuse('duplicate_key', `${quote(name)} is written twice, first on line ${line}`, 'keep one of the two')
    } else if (plain) {
      const { value, yaml11 } = plainScalar(name)
      if (typeof value !== 'string')
        refuse('key', `the key ${name || 'here'} is not text`, `write ${quote(name)} in quotes`)
      else if (yaml11 !== undefined)
        refuse('ambiguous', ambiguous(name, yaml11), `write ${quote(name)} in quotes`)
    }
    if (usable) frame.names.set(name, span)
    frame.key = { name, span, usable }
  }

  for (const event of events) {
    if (event.type === EVENT_ID.DOCUMENT) {
      if (root !== undefined) {
        const at = end + text.slice(end).search(/^(?:---|\.\.\.)(?=\s|$)/m)
        add('second_document', at, at + 3, 'a second document starts here', 'write it to a file of its own')
        break
      }
      for (const directive of event.directives) {
        const at = Math.max(0, text.indexOf(`%${directive.kind.toUpperCase()}`))
        add('directive', at, at + 1, 'YAML directives are not read', 'remove the line that starts with %')
      }
      open('document', end)
      continue
    }
    if (event.type === EVENT_ID.POP) {
      const frame = frames.pop()
      if (frame === undefined) continue
      const value = frame.kind === 'sequence' ? frame.items : Object.fromEntries(frame.entries)
      const parent = frames.at(-1)
      const span: Span = [frame.start, Math.max(end, frame.start)]
      if (frame.isKey && parent !== undefined) parent.key = { name: '', span, usable: false }
      else put(value, span)
      continue
    }
    if (event.type === EVENT_ID.ALIAS) {
      const span: Span = [event.anchorStart - 1, event.anchorEnd]
      const frame = frames.at(-1)
      const pointer = frame === undefined ? '' : childPointer(frame)
      const remedy = 'write the value out, or put text that starts with * in quotes'
      add('alias', ...span, 'aliases are not read', remedy, pointer)
      if (frame?.kind === 'mapping' && frame.key === undefined) frame.key = { name: '', span, usable: false }
      else put(null, span)
      continue
    }
    if (event.anchorStart !== -1) {
      const remedy = 'write the value where it is needed, or put text that starts with & in quotes'
      add('anchor', event.anchorStart - 1, event.anchorEnd, 'anchors are not read', remedy)
    }
    if (event.tagStart !== -1) {
      add(
        'tag',
        event.tagStart,
        event.tagEnd,
        'tags are not read',
        'remove it, or put text that starts with ! in quotes',
      )
    }
    if (event.type === EVENT_ID.SCALAR) {
      const frame = frames.at(-1)
      const span = scalarSpan(event, frame, end)
      const value = getScalarValue(text, event)
      const isKey = frame?.kind === 'mapping' && frame.key === undefined
      const pointer = frame === undefined ? '' : isKey ? childOf(frame.pointer, value) : childPointer(frame)
      checkCharacters(event, text, value, span, pointer, add)
      // A tag or a quote says that it is text; only an unquoted scalar means what it looks like.
      const plain = event.style === SCALAR_STYLE.PLAIN && event.tagStart === -1
      if (isKey) takeKey(frame, value, span, plain)
      else if (!plain) put(value, span)
      else {
        const meaning = plainScalar(value)
        put(meaning.value, span, value)
        if (meaning.yaml11 !== undefined) {
          const remedy = `write ${quote(value)} in quotes if it is text, else true, false or a plain decimal number`
          add('ambiguous', ...span, ambiguous(value, meaning.yaml11), remedy, pointer)
        }
      }
      continue
    }
    open(event.type === EVENT_ID.MAPPING ? 'mapping' : 'sequence', event.start)
  }
  return { value: root, spots }
}

function ambiguous(text: string, yaml11: string): string {
  return `${quote(text)} without quotes is ${yaml11} to some YAML readers`
}

function childPointer(frame: Frame): string {
  if (frame.kind === 'document') return ''
  return childOf(
    frame.pointer,
    frame.kind === 'sequence' ? String(frame.items.length) : (frame.key?.name ?? ''),
  )
}

/** The JSON pointer (RFC 6901) of a member. */
export function childOf(pointer: string, name: string): string {
  return `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
}

function scalarSpan(event: ScalarEvent, frame: Frame | undefined, end: number): Span {
  if (event.valueStart === -1) return frame?.key?.span ?? [end, end]
  const quoted = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED
  return quoted ? [event.valueStart - 1, event.valueEnd + 1] : [event.valueStart, event.valueEnd]
}

/** What an escape or a block brought into the text; the file's own characters were looked at before. */
function checkCharacters(
  event: ScalarEvent,
  text: string,
  value: string,
  span: Span,
  pointer: string,
  add: Report,
) {
  if (event.style === SCALAR_STYLE.DOUBLE_QUOTED) {
    const raw = text.slice(event.valueStart, event.valueEnd)
    const beyond = [...raw.matchAll(/\\(?:U([0-9A-Fa-f]{8})|\\)/g)].find(
      ([, digits]) => Number.parseInt(digits ?? '', 16) > 0x10ffff,
    )
    if (beyond !== undefined) {
      add('control_character', ...span, `${beyond[0]} is no character`, 'write the character itself', pointer)
      return
    }
  }
  const line = value.search(/[\n\r]/)
  if (line !== -1) {
    add(
      'control_character',
      ...span,
      'the text has a line break',
      'write it on one line, or with >- before it',
      pointer,
    )
    return
  }
  const found = value.match(control)?.[0] ?? value.match(hidden)?.[0]
  if (found === undefined) return
  const kind = value.match(control) === null ? 'hidden_character' : 'control_character'
  add(kind, ...span, `the text contains the character U+${codePoint(found)}`, 'remove it', pointer)
}

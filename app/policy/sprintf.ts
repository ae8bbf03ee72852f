import { WasmError } from './wasm-error.ts'

const longest = 100_000
const verb = /%([-+0]*)(\d{1,4})?(?:\.(\d{1,2}))?([a-zA-Z%])/g

/**
 * Rego's `sprintf` with Go's `%v %s %q %d %x %f %t %%`, flags `-+0`, width and precision; a verb or value
 * that does not fit prints as Go's `%!d(string=a)`. Sets arrive, and print, as lists. Undefined where OPA has an error.
 * Throws `WasmError` past 100,000 characters: a width of a gigabyte must not be the host's to allocate, and a `deny` whose
 * words are too long must not become none.
 */
export function sprintf(format: unknown, values: unknown): string | undefined {
  if (typeof format !== 'string' || !Array.isArray(values)) return undefined
  if (format.length > longest) throw tooLong()
  let used = 0
  let length = format.length
  const text = format.replace(
    verb,
    (_, flags: string, width = '0', precision: string | undefined, letter: string) => {
      if (letter === '%') return '%'
      if (used >= values.length) return `%!${letter}(MISSING)`
      const value: unknown = values[used++]
      const printed = print(letter, value, precision) ?? misfit(letter, value)
      const padded = pad(
        flags.includes('+') && typeof value === 'number' && value >= 0 ? `+${printed}` : printed,
        Number(width),
        flags,
      )
      length += padded.length
      if (length > longest) throw tooLong()
      return padded
    },
  )
  const extra = values.slice(used).map((value) => `${kindOf(value)}=${plain(value)}`)
  if (length + extra.join().length > longest) throw tooLong()
  return extra.length === 0 ? text : `${text}%!(EXTRA ${extra.join(', ')})`
}

const tooLong = () => new WasmError('too_large', `sprintf writes more than ${longest} characters`)

/** undefined: the verb has nothing to say about such a value. */
function print(letter: string, value: unknown, precision: string | undefined): string | undefined {
  const cut = (text: string) =>
    precision === undefined ? text : [...text].slice(0, Number(precision)).join('')
  if (letter === 'v') return plain(value)
  if (letter === 't') return typeof value === 'boolean' ? String(value) : undefined
  if (typeof value === 'number') {
    if (letter === 'f') return value.toFixed(Number(precision ?? 6))
    if (!Number.isInteger(value)) return undefined
    if (letter === 'd') return String(BigInt(value))
    return letter === 'x' ? BigInt(value).toString(16) : undefined
  }
  if (letter === 's') return cut(plain(value))
  return letter === 'q' ? JSON.stringify(cut(plain(value))) : undefined
}

function pad(text: string, width: number, flags: string): string {
  if (flags.includes('-')) return text.padEnd(width)
  if (!flags.includes('0')) return text.padStart(width)
  const sign = /^[+-]/.exec(text)?.[0] ?? ''
  return sign + text.slice(sign.length).padStart(width - sign.length, '0')
}

const misfit = (letter: string, value: unknown): string => `%!${letter}(${kindOf(value)}=${plain(value)})`

/** As Rego writes values. */
const plain = (value: unknown): string => (typeof value === 'string' ? value : rego(value))
const rego = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(rego).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return `{${Object.entries(value)
    .map(([key, item]) => `${JSON.stringify(key)}: ${rego(item)}`)
    .join(', ')}}`
}

const kindOf = (value: unknown): string => {
  if (typeof value !== 'number') return 'string'
  return Number.isInteger(value) ? 'int64' : 'float64'
}

import { invalid, notSupplied } from './errors.ts'

/** Reads a request's JSON body, answering 422 for what GitHub would refuse. */
export type Fields = {
  has(name: string): boolean
  /** Must be there and be text. */
  text(name: string): string
  textOr<D>(name: string, otherwise: D): string | D
  flagOr<D>(name: string, otherwise: D): boolean | D
  integerOr<D>(name: string, otherwise: D): number | D
  texts(name: string): string[]
  object(name: string): Fields | null
  objects(name: string): Fields[]
  one<T extends string>(name: string, allowed: readonly T[]): T | undefined
  raw(name: string): unknown
}

export function fieldsOf(value: unknown): Fields {
  const body: Record<string, unknown> = isObject(value) ? value : {}
  const wrong = (name: string, wanted: string) =>
    invalid(`Invalid request.\n\nFor 'properties/${name}', ${JSON.stringify(body[name])} is not ${wanted}.`)
  const given = (name: string) => (Object.hasOwn(body, name) ? body[name] : undefined)
  const typed =
    <T>(wanted: string, fits: (found: unknown) => found is T) =>
    <D>(name: string, otherwise: D): T | D => {
      const found = given(name)
      if (found === undefined || found === null) return otherwise
      if (!fits(found)) throw wrong(name, wanted)
      return found
    }
  const textOr = typed('a string', (found) => typeof found === 'string')
  const list = typed('an array', (found): found is unknown[] => Array.isArray(found))
  return {
    has: (name) => given(name) !== undefined,
    text: (name) => {
      const found = textOr(name, null)
      if (found === null) throw notSupplied(name)
      return found
    },
    textOr,
    flagOr: typed('a boolean', (found) => typeof found === 'boolean'),
    integerOr: typed('an integer', (found): found is number => Number.isSafeInteger(found)),
    texts: (name) =>
      list(name, []).map((item) => {
        if (typeof item !== 'string') throw wrong(name, 'an array of strings')
        return item
      }),
    object: (name) => {
      const found = given(name)
      if (found === undefined || found === null) return null
      if (!isObject(found)) throw wrong(name, 'an object')
      return fieldsOf(found)
    },
    objects: (name) => list(name, []).map(fieldsOf),
    one: (name, allowed) => {
      const found = textOr(name, undefined)
      if (found === undefined) return undefined
      const match = allowed.find((each) => each === found)
      if (!match) throw wrong(name, `one of ${allowed.join(', ')}`)
      return match
    },
    raw: given,
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

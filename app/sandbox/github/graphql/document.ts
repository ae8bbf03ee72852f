import { invalid } from '../errors.ts'

/** What is asked of a value: field → what is asked of that field's own value, or null for the value itself. */
export type Selection = ReadonlyMap<string, Selection | null>

/** One mutation with its `input`, and what its answer should tell. */
export type Mutation = {
  readonly field: string
  readonly input: Readonly<Record<string, unknown>>
  readonly selection: Selection
}

const TOKEN = /\s+|,|#[^\n]*|(\$?[A-Za-z_]\w*|"(?:[^"\\\n]|\\.)*"|-?\d+|[{}()[\]:!=])/y

/**
 * Reads `mutation [name] [($variables)] { field(input: $variable or {…}) { … } }`, which is as much of GraphQL as
 * this GitHub understands: no queries, fragments, aliases or directives.
 */
export function readMutation(text: string, variables: Readonly<Record<string, unknown>>): Mutation {
  const tokens = tokensOf(text)
  let at = 0
  const next = (): string => tokens[at++] ?? fail('the document ended too early')
  const take = (wanted: string): void => {
    const found = next()
    if (found !== wanted) fail(`expected ${wanted}, found ${found}`)
  }
  const value = (): unknown => {
    const token = next()
    if (token.startsWith('$')) return variables[token.slice(1)]
    if (token === '{') return object()
    return token.startsWith('"') || /^-?\d/.test(token) || token === 'true' || token === 'false'
      ? JSON.parse(token)
      : token
  }
  const object = (): Record<string, unknown> => {
    const fields: Record<string, unknown> = {}
    for (let name = next(); name !== '}'; name = next()) {
      take(':')
      fields[name] = value()
    }
    return fields
  }
  const selection = (): Selection => {
    const fields = new Map<string, Selection | null>()
    for (let name = next(); name !== '}'; name = next()) {
      const nested = tokens[at] === '{'
      if (nested) at++
      fields.set(name, nested ? selection() : null)
    }
    return fields
  }
  take('mutation')
  while (tokens[at] !== '{') next()
  take('{')
  const field = next()
  for (const expected of ['(', 'input', ':']) take(expected)
  const input = value()
  for (const expected of [')', '{']) take(expected)
  if (typeof input !== 'object' || input === null) return fail(`${field} needs an input`)
  return { field, input: { ...input }, selection: selection() }
}

function tokensOf(text: string): string[] {
  const tokens: string[] = []
  const token = new RegExp(TOKEN)
  while (token.lastIndex < text.length) {
    const from = token.lastIndex
    const match = token.exec(text)
    if (!match) return fail(`unexpected ${text.slice(from, from + 20)}`)
    if (match[1] !== undefined) tokens.push(match[1])
  }
  return tokens
}

function fail(why: string): never {
  throw invalid(`A query that this GitHub does not read: ${why}`)
}

/** The part of a value that was asked for. Throws for a field that it has not. */
export function pick(selection: Selection, from: unknown): unknown {
  if (from === null || typeof from !== 'object') return from
  if (Array.isArray(from)) return from.map((each) => pick(selection, each))
  const fields = new Map(Object.entries(from))
  return Object.fromEntries(
    [...selection].map(([name, inner]) => {
      if (!fields.has(name)) fail(`field '${name}' doesn't exist`)
      return [name, inner ? pick(inner, fields.get(name)) : fields.get(name)]
    }),
  )
}

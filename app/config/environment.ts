import type { ConfigFault } from './fault.ts'
import { type KeyRow, keyRows } from './rows.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** The file's value with every `GITSUDO_*` variable that overrides a key written over it; the file's is left alone. */
export function overridden(
  file: Readonly<Record<string, unknown>>,
  env: Environment,
): { readonly value: Readonly<Record<string, unknown>>; readonly faults: readonly ConfigFault[] } {
  const value: Record<string, unknown> = structuredClone(file)
  const faults: ConfigFault[] = []
  for (const row of keyRows) {
    const text = row.env === undefined ? undefined : env[row.env]
    if (row.env === undefined || text === undefined || text === '') continue
    const read = readAs(row.kind, text)
    if (read === undefined)
      faults.push({
        key: row.env,
        message: `is not a ${row.kind}`,
        remedy: `set it like ${row.example}, or unset it`,
      })
    else put(value, row.key.split('.'), read)
  }
  return { value, faults }
}

function readAs(kind: KeyRow['kind'], text: string): unknown {
  if (kind === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined
  if (kind === 'number') return /^\d{1,15}$/.test(text) ? Number(text) : undefined
  if (kind === 'list')
    return text
      .split(',')
      .map((entry) => entry.trim())
      .map((entry) => (/^\d{1,15}$/.test(entry) ? Number(entry) : entry))
  return text
}

function put(section: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name, ...rest] = path
  if (name === undefined) return
  if (rest.length === 0) {
    section[name] = value
    return
  }
  // A section that is something else (`server: 8080`) is left as it is: the schema names that fault.
  if (section[name] === undefined || section[name] === null) section[name] = {}
  const inner = section[name]
  if (isSection(inner)) put(inner, rest, value)
}

function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

import { z } from 'zod'
import { fileSchema } from './schema.ts'

/** One key of the configuration, as docs/configuration.md shows it and as environment and faults look it up. */
export type KeyRow = {
  /** Dotted, with `[]` for the members of a list. */
  readonly key: string
  readonly kind: 'string' | 'number' | 'boolean' | 'list' | 'section'
  readonly required: boolean
  readonly standard?: string
  readonly env?: string
  readonly description: string
  readonly example: string
}

type Shape = {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Shape>>
  readonly items?: Shape
  readonly required?: readonly string[]
  readonly default?: unknown
  readonly description?: string
  readonly example?: string
  readonly env?: string
  readonly shown?: string
}

/** Every key that the file may hold, in its order. */
export const keyRows: readonly KeyRow[] = rowsOf(z.toJSONSchema(fileSchema, { io: 'input' }) as Shape, '')

function rowsOf(shape: Shape, prefix: string): readonly KeyRow[] {
  return Object.entries(shape.properties ?? {}).flatMap(([name, child]) => {
    const key = `${prefix}${name}`
    const standard =
      child.shown ?? (child.default === undefined ? undefined : `\`${JSON.stringify(child.default)}\``)
    const row: KeyRow = {
      key,
      kind: kindOf(child),
      required: shape.required?.includes(name) === true,
      ...(standard === undefined || kindOf(child) === 'section' ? {} : { standard }),
      ...(child.env === undefined ? {} : { env: child.env }),
      description: child.description ?? '',
      example: child.example ?? '',
    }
    return [row, ...rowsOf(child, `${key}.`), ...rowsOf(child.items ?? {}, `${key}[].`)]
  })
}

function kindOf(shape: Shape): KeyRow['kind'] {
  if (shape.type === 'object') return 'section'
  if (shape.type === 'array') return 'list'
  if (shape.type === 'boolean') return 'boolean'
  return shape.type === 'integer' || shape.type === 'number' ? 'number' : 'string'
}

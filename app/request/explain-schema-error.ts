import type { ErrorObject } from 'ajv/dist/2020.js'
import type { FaultCode } from './fault.ts'
import { nearest } from './nearest.ts'
import { quote } from './quote.ts'
import { childOf } from './walk.ts'
import type { YamlDocument } from './yaml.ts'

/** A schema's complaint in the words of someone who wants to mend the file. */
export type Explanation = {
  readonly code: FaultCode
  readonly pointer: string
  /** The fault lies in the field's name, or in its being there, not in its value. */
  readonly atKey: boolean
  readonly message: string
  readonly remedy: string
}

/** Undefined for an error that only repeats another. Needs ajv's `verbose`. */
export function explainSchemaError(error: ErrorObject, document: YamlDocument): Explanation | undefined {
  const pointer = error.instancePath
  const name = displayName(pointer)
  const schema = record(error.parentSchema)
  const params = record(error.params)
  const { errorMessage: advice } = schema as { readonly errorMessage?: string }
  const shown = () => quote(typeof error.data === 'object' ? kindOf(error.data) : String(error.data))
  if (error.propertyName !== undefined) {
    const message = `${quote(error.propertyName)} is no name for a field of ${name}`
    const remedy = advice ?? 'choose another name'
    return { code: 'key', pointer: childOf(pointer, error.propertyName), atKey: true, message, remedy }
  }
  const wrong = (message: string, remedy: string, code: FaultCode = 'value', atKey = false) => ({
    code,
    pointer,
    atKey,
    message,
    remedy: advice ?? remedy,
  })
  switch (error.keyword) {
    // Both repeat what the schema inside them says.
    case 'propertyNames':
    case 'if':
      return undefined
    case 'required': {
      const missing = String(params.missingProperty)
      if (error.schemaPath.includes('/oneOf/')) return undefined
      const remedy = `add \`${missing}: ${example(record(schema.properties)[missing])}\``
      return {
        code: 'missing',
        pointer,
        atKey: true,
        message: `${childName(name, missing)} is missing`,
        remedy,
      }
    }
    case 'additionalProperties': {
      const extra = String(params.additionalProperty)
      const fields = Object.keys(record(schema.properties))
      const meant = nearest(extra, fields)
      const message = `${quote(extra)} is no field of ${name}`
      const remedy = meant === undefined ? `remove it; the fields are ${fields.join(', ')}` : `write ${meant}`
      return { code: 'unknown_field', pointer: childOf(pointer, extra), atKey: true, message, remedy }
    }
    case 'type': {
      const plain = document.places.get(pointer)?.plain
      const message = `${name} must be ${kinds[String(params.type)] ?? String(params.type)}, not ${kindOf(error.data)}`
      const scalar = plain !== undefined && error.data !== null
      if (params.type === 'string' && scalar && !('format' in schema)) {
        const text = `write "${plain}" in quotes`
        const { pattern = '' } = schema as { readonly pattern?: string }
        const fits = new RegExp(pattern, 'u').test(plain)
        return { ...wrong(message, ''), code: 'type', remedy: fits ? text : (advice ?? text) }
      }
      const shape = `write ${kinds[String(params.type)]}`
      return wrong(message, 'examples' in schema ? `${shape}, such as ${example(schema)}` : shape, 'type')
    }
    case 'const':
      return wrong(
        `${name} must be ${String(params.allowedValue)}, not ${shown()}`,
        `write ${String(params.allowedValue)}`,
      )
    case 'enum': {
      const allowed = (params.allowedValues as readonly unknown[]).map(String)
      const meant = typeof error.data === 'string' ? nearest(error.data, allowed) : undefined
      const remedy = meant === undefined ? `write one of ${allowed.join(', ')}` : `write ${meant}`
      return wrong(`${name} must be one of ${allowed.join(', ')}, not ${shown()}`, remedy)
    }
    case 'pattern':
    case 'format':
      return wrong(`${shown()} is no ${lastName(pointer)}`, `write it like ${example(schema)}`)
    case 'maxLength':
      return wrong(`${name} is longer than ${String(params.limit)} characters`, 'shorten it')
    case 'minLength':
      return wrong(`${name} is empty`, `write it like ${example(schema)}`)
    case 'minimum':
    case 'maximum':
      return wrong(
        `${name} must be ${String(params.comparison)} ${String(params.limit)}, not ${shown()}`,
        'change the number',
      )
    case 'minItems':
    case 'minProperties':
      return wrong(`${name} has no entry`, 'add one')
    case 'maxItems':
    case 'maxProperties':
      return wrong(`${name} has more than ${String(params.limit)} entries`, 'remove some')
    case 'uniqueItems':
      return wrong(`${name} has the same entry twice`, 'remove one of the two')
    case 'oneOf':
      return wrong(`${name} must have exactly one of ${choices(schema)}`, 'remove the others', 'value', true)
    default:
      return wrong(`${name} ${error.message ?? 'is wrong'}`, `write it like ${example(schema)}`)
  }
}

/** The fields that the branches of a `oneOf` each require. */
function choices({ oneOf }: Readonly<Record<string, unknown>>): string {
  const branches = oneOf as readonly { readonly required: readonly string[] }[]
  return branches.flatMap(({ required }) => required).join(' and ')
}

const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
  object: 'a mapping of names to values',
  array: 'a list',
}

function kindOf(value: unknown): string {
  if (value === null) return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  if (typeof value === 'string') return quote(value)
  return `the ${typeof value === 'boolean' ? 'truth value' : 'number'} ${String(value)}`
}

function example(schema: unknown): string {
  const { examples, const: only } = record(schema)
  const first: unknown = Array.isArray(examples) ? examples[0] : only
  if (first === undefined) return '…'
  if (typeof first !== 'string') return JSON.stringify(first)
  return /^\d+$/.test(first) ? `"${first}"` : first
}

function displayName(pointer: string): string {
  if (pointer === '') return 'the file'
  return pointer.slice(1).split('/').map(shownName).join('.')
}

function childName(parent: string, child: string): string {
  return parent === 'the file' ? child : `${parent}.${child}`
}

function lastName(pointer: string): string {
  const names = pointer.split('/').map(shownName)
  const last = names.at(-1) ?? ''
  // An entry of a list goes by the name of its list.
  return /^\d+$/.test(last) ? `entry of ${names.at(-2) ?? 'the list'}` : last
}

function shownName(segment: string): string {
  return quote(segment.replaceAll('~1', '/').replaceAll('~0', '~')).slice(1, -1)
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return (value ?? {}) as Readonly<Record<string, unknown>>
}

import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import { explainSchemaError } from './explain-schema-error.ts'
import { type Fault, type FaultCode, mostWorded, tidyFaults } from './fault.ts'
import { parseInstant } from './instant.ts'
import type { Limits } from './text.ts'
import { readStrictYaml, type YamlDocument } from './yaml.ts'

export type Schema = { readonly $id: string; readonly [keyword: string]: unknown }

/** A file that was read: what it holds when it has no fault, else every fault, and the document if there is one. */
export type Reading = { readonly document?: YamlDocument; readonly faults: readonly Fault[] }

/** Reads one file as strict YAML of this shape. Never throws on any bytes. */
export type SchemaReader = (bytes: Uint8Array, file: string) => Reading

/** A reader of files that `schema` (JSON Schema 2020-12) describes. It is compiled when first used. */
export function schemaReader(schema: Schema, limits: Limits): SchemaReader {
  let validate: ValidateFunction | undefined
  return (bytes, file) => {
    const { document, faults } = readStrictYaml(bytes, file, limits)
    if (document === undefined) return { faults: tidyFaults(faults) }
    validate ??= compile(schema)
    validate(document.value)
    const errors = validate.errors ?? []
    const wrong = errors.slice(0, mostWorded).flatMap((error) => schemaFault(error, document))
    return { document, faults: tidyFaults(merge(faults, wrong)) }
  }
}

function compile(schema: Schema): ValidateFunction {
  const ajv = new Ajv2020({ allErrors: true, verbose: true, ownProperties: true })
  ajv.addKeyword({ keyword: 'errorMessage', schemaType: 'string' })
  ajv.addFormat('date-time', { type: 'string', validate: (text: string) => parseInstant(text) !== undefined })
  return ajv.compile(schema)
}

function schemaFault(error: ErrorObject, document: YamlDocument): readonly Fault[] {
  const said = explainSchemaError(error, document)
  if (said === undefined) return []
  const { code, pointer, message, remedy, atKey } = said
  // Lines that could not be read may hold what seems absent.
  if (document.partial && (code === 'missing' || error.data === null)) return []
  return [faultAt(document, pointer, code, message, remedy, atKey)]
}

/** A fault at the value or, `atKey`, at the name of a field. */
export function faultAt(
  { file, places }: YamlDocument,
  pointer: string,
  code: FaultCode,
  message: string,
  remedy: string,
  atKey = false,
): Fault {
  const place = places.get(pointer)
  const range = (atKey ? place?.key : undefined) ?? place?.value
  return { file, line: 1, column: 1, ...range, pointer, code, message, remedy }
}

/** A value that is wrong in itself is not also the wrong value, and one of the wrong type not also ambiguous. */
function merge(strict: readonly Fault[], schema: readonly Fault[]): readonly Fault[] {
  const wrong = new Set(schema.map((fault) => fault.pointer))
  const bad = new Set(strict.filter(({ code }) => spoiling.has(code)).map((fault) => fault.pointer))
  return [
    ...strict.filter(({ code, pointer }) => code !== 'ambiguous' || !wrong.has(pointer)),
    ...schema.filter(({ pointer }) => !bad.has(pointer)),
  ]
}

const spoiling: ReadonlySet<Fault['code']> = new Set(['alias', 'control_character', 'hidden_character'])

import type { Schema, SchemaReader } from '../request/check-schema.ts'
import { schemaReader } from '../request/check-schema.ts'
import type { Fault } from '../request/fault.ts'
import type { YamlDocument } from '../request/yaml.ts'

/** What one data file holds and the document it was read from, or every fault in it. */
export type DataReading<T> =
  | { readonly ok: true; readonly value: T; readonly document: YamlDocument }
  | { readonly ok: false; readonly faults: readonly Fault[] }

/** Data files list whole companies, so they may be longer than a request: 4 MiB. */
export function dataReader(schema: Schema): SchemaReader {
  return schemaReader(schema, { bytes: 4_194_304, depth: 32, values: 1_000_000 })
}

export function lineOf({ places }: YamlDocument, pointer: string): number {
  const place = places.get(pointer)
  return (place?.key ?? place?.value)?.line ?? 1
}

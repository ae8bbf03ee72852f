import type { Actor, EventType } from '../event.ts'

/** JSON Schema 2020-12. */
export type Schema = { readonly [keyword: string]: unknown }
export type EventSchema = Schema & { readonly $id: string }

export const draft = 'https://json-schema.org/draft/2020-12/schema'
export const schemaId = (name: string): string => `https://gitsudo.dev/schemas/events/${name}.json`

/** A word that all events share (envelope.ts), said of one field. */
export const a = (word: string, description: string): Schema => ({
  description,
  $ref: `envelope.json#/$defs/${word}`,
})
export const text = (description: string): Schema => ({ description, type: 'string' })
export const name = (description: string): Schema => ({ description, type: 'string', minLength: 1 })
export const flag = (description: string): Schema => ({ description, type: 'boolean' })
export const count = (description: string, minimum = 0): Schema => ({
  description,
  type: 'integer',
  minimum,
})
export const oneOf = (description: string, ...values: readonly string[]): Schema => ({
  description,
  enum: values,
})
export const list = (description: string, items: Schema): Schema => ({ description, type: 'array', items })
/** Null where there is none. */
export const orNull = ({ description, ...schema }: Schema): Schema => ({
  description,
  anyOf: [schema, { type: 'null' }],
})

/** Exactly these fields; those not in `optional` must be there. */
export const closed = (properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []) => ({
  type: 'object',
  required: Object.keys(properties).filter((field) => !optional.includes(field)),
  additionalProperties: false,
  properties,
})

/** Fields of the envelope that are not in every event. */
type About = 'request' | 'grant' | 'repo' | 'pull' | 'commit'

export const ofRequest: readonly About[] = ['request', 'repo', 'pull', 'commit']
export const ofGrant: readonly About[] = ['request', 'grant', 'repo', 'pull']

/** One type's schema: the strict envelope, and its own `data`. */
export const eventSchema = (
  type: EventType,
  event: {
    readonly when: string
    readonly by: { readonly who: string; readonly kinds: readonly Actor['kind'][] }
    readonly about: readonly About[]
    readonly data: Schema
  },
): EventSchema => ({
  $schema: draft,
  $id: schemaId(type),
  title: type,
  description: event.when,
  $ref: 'envelope.json',
  required: event.about,
  properties: {
    type: { const: type },
    actor: { description: event.by.who, properties: { kind: { enum: event.by.kinds } } },
    data: event.data,
  },
})

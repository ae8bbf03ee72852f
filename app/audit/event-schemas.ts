import { type EventType, eventTypes } from './event.ts'
import { envelopeSchema } from './schema/envelope.ts'
import { grantSchemas } from './schema/grants.ts'
import { policySchemas } from './schema/policies.ts'
import { requestSchemas } from './schema/requests.ts'
import { serviceSchemas } from './schema/service.ts'
import type { EventSchema } from './schema/shape.ts'

/** Each type's schema; `schemas/events/<type>.json` is the same (node scripts/write-schemas.ts). */
export const eventSchemas: Readonly<Record<EventType, EventSchema>> = {
  ...requestSchemas,
  ...grantSchemas,
  ...policySchemas,
  ...serviceSchemas,
}

/** gitsudo signs each of these, by its schema; one whose signature does not hold came by another hand. */
export const signedTypes: ReadonlySet<EventType> = new Set(
  eventTypes.filter((type) => {
    const { data } = eventSchemas[type].properties as {
      readonly data: { readonly required: readonly string[] }
    }
    return data.required.includes('sig')
  }),
)

/** What all of them refer to; `schemas/events/envelope.json`. */
export const sharedSchema = envelopeSchema

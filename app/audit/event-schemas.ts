import type { EventType } from './event.ts'
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

/** What all of them refer to; `schemas/events/envelope.json`. */
export const sharedSchema = envelopeSchema

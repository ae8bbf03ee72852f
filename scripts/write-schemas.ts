/** Writes `schemas/` and docs/events.md from the schemas that the code uses; a test fails when they differ. */
import { writeFileSync } from 'node:fs'
import { eventSchemas, sharedSchema } from '../app/audit/event-schemas.ts'
import { groupsSchema } from '../app/identity/groups-schema.ts'
import { identitiesSchema } from '../app/identity/identities-schema.ts'
import { rolesSchema } from '../app/identity/roles-schema.ts'
import { accessRequestSchema } from '../app/request/schema.ts'
import { eventsPage } from './events-page.ts'

const at = (path: string): URL => new URL(`../${path}`, import.meta.url)

for (const schema of [accessRequestSchema, identitiesSchema, groupsSchema, rolesSchema]) {
  const name = schema.$id.slice(schema.$id.lastIndexOf('/') + 1)
  writeFileSync(at(`schemas/${name}`), `${JSON.stringify(schema, null, 2)}\n`)
}
for (const schema of [sharedSchema, ...Object.values(eventSchemas)]) {
  const name = schema.$id.slice(schema.$id.lastIndexOf('/') + 1)
  writeFileSync(at(`schemas/events/${name}`), `${JSON.stringify(schema, null, 2)}\n`)
}
writeFileSync(at('docs/events.md'), eventsPage())

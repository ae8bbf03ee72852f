/** Writes `schemas/*.v1.json` from the schemas that the readers use; a test fails when the two differ. */
import { writeFileSync } from 'node:fs'
import { groupsSchema } from '../app/identity/groups-schema.ts'
import { identitiesSchema } from '../app/identity/identities-schema.ts'
import { rolesSchema } from '../app/identity/roles-schema.ts'
import { accessRequestSchema } from '../app/request/schema.ts'

for (const schema of [accessRequestSchema, identitiesSchema, groupsSchema, rolesSchema]) {
  const name = schema.$id.slice(schema.$id.lastIndexOf('/') + 1)
  writeFileSync(new URL(`../schemas/${name}`, import.meta.url), `${JSON.stringify(schema, null, 2)}\n`)
}

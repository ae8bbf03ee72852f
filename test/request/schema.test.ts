import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { groupsSchema } from '../../app/identity/groups-schema.ts'
import { identitiesSchema } from '../../app/identity/identities-schema.ts'
import { rolesSchema } from '../../app/identity/roles-schema.ts'
import { accessRequestSchema } from '../../app/request/schema.ts'

const schemas = [accessRequestSchema, identitiesSchema, groupsSchema, rolesSchema].map(
  (schema) => [schema.$id.slice(schema.$id.lastIndexOf('/') + 1), schema] as const,
)

test.each(schemas)(
  'schemas/%s is the schema that is enforced (node scripts/write-schemas.ts)',
  (name, schema) => {
    const file = readFileSync(new URL(`../../schemas/${name}`, import.meta.url), 'utf8')
    expect(JSON.parse(file)).toEqual(schema)
  },
)

test.each(schemas)('%s is valid JSON Schema 2020-12', (_, schema) => {
  const ajv = new Ajv2020({ strict: false, formats: { 'date-time': true } })
  expect(ajv.validateSchema(schema), JSON.stringify(ajv.errors)).toBe(true)
})

test.each(schemas)(
  'every field that %s describes has a description and an example that fits it',
  (_, schema) => {
    const ajv = new Ajv2020({ strict: false, formats: { 'date-time': true } })
    const visit = (node: Record<string, unknown>, path: string): void => {
      for (const [name, child] of Object.entries(
        (node.properties ?? {}) as Record<string, Record<string, unknown>>,
      )) {
        expect(child.description ?? child.items, `${path}.${name}`).toBeDefined()
        visit(child, `${path}.${name}`)
      }
      const { $id: _id, $schema: _schema, ...plain } = node
      for (const example of (node.examples ?? []) as unknown[]) {
        expect(ajv.validate(plain, example), `${path}: ${JSON.stringify(example)}`).toBe(true)
      }
      for (const inner of [node.items, node.additionalProperties]) {
        if (typeof inner === 'object' && inner !== null) visit(inner as Record<string, unknown>, `${path}.*`)
      }
    }
    visit(schema as unknown as Record<string, unknown>, '')
  },
)

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { permissions } from '../../app/provider/azure/permissions.ts'

const page = readFileSync(new URL('../../docs/providers/azure.md', import.meta.url), 'utf8')
const roles = [...page.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(
  ([, text]) => JSON.parse(text ?? '') as { readonly Actions: readonly string[] },
)

test('docs/providers/azure.md asks for exactly the permissions that check looks for', () => {
  expect(roles.map(({ Actions }) => Actions)).toEqual([permissions.role_assignment, permissions.pim])
})

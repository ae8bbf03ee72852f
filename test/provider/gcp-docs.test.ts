import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { allPermissions } from '../../app/provider/gcp/check.ts'

test('docs/providers/gcp.md asks for exactly the permissions that check looks for', () => {
  const page = readFileSync(new URL('../../docs/providers/gcp.md', import.meta.url), 'utf8')
  const [role = ''] = [...page.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(([, text]) => text ?? '')
  const { includedPermissions } = JSON.parse(role) as { readonly includedPermissions: readonly string[] }
  expect(includedPermissions).toEqual(allPermissions)
})

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { assignmentPolicy } from '../../app/provider/aws/identity-center.ts'
import { ownPolicy, rolePermissions, trustPolicy } from '../../app/provider/aws/policies.ts'

const page = readFileSync(new URL('../../docs/providers/aws.md', import.meta.url), 'utf8')
const blocks = [...page.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(([, text]) => JSON.parse(text ?? ''))

test('docs/providers/aws.md asks for exactly what check tries and prints', () => {
  const [trust, own, assignments] = blocks
  expect(trust).toEqual(trustPolicy('arn:aws:iam::123456789012:role/gitsudo', 'gitsudo'))
  expect(own).toEqual(ownPolicy(['arn:aws:iam::123456789012:role/jitsudo-*']))
  expect(assignments).toEqual(assignmentPolicy())
  expect(own.Statement[0].Action).toEqual(rolePermissions)
})

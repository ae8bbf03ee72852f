import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readDirectory } from '../../app/identity/directory.ts'
import { policyData } from '../../app/identity/policy-data.ts'
import { renderFaults } from '../../app/request/render-faults.ts'
import { directory, names, read } from './data-files.ts'

test('roles are found by provider and name, with defaults filled in', () => {
  expect(directory().role('mock', 'db-read')).toEqual({
    provider: 'mock',
    role: 'db-read',
    scopes: ['orders'],
    cloudRole: 'db-read',
    maxDurationSeconds: 14_400,
    owners: ['sre'],
    offline: false,
    chain: false,
  })
  expect(directory().role('mock', 'admin')).toBeUndefined()
  expect(directory().role('aws', 'Admin')).toBeUndefined()
})

test('a group may be empty: whoever needs it is refused, and nobody else (trust.md 4.2)', () => {
  const reading = read({ groups: (text) => text.replace('[alice, bob, mallory]', '[]') })
  expect(reading.ok && reading.directory.groups[0]).toEqual({ name: 'sre', members: [] })
})

test('policies see numbers, groups and roles, and no addresses', () => {
  const data = policyData(directory())
  expect(data.identities.alice).toEqual({ id: 1001, trust_tier: 3, blocked: false })
  expect(data.groups).toEqual({ sre: { members: ['alice', 'Bob'] }, platform: { team: 'acme/platform' } })
  expect(data.roles.aws?.admin).toMatchObject({
    cloud_role: 'Administrator',
    max_duration_seconds: 3600,
    chain: true,
  })
  expect(JSON.stringify(data)).not.toContain('example.com')
})

test('the template’s own data files are without fault', () => {
  const files = new Map(
    names.map((name) => [
      `policies/data/${name}.yaml`,
      readFileSync(new URL(`../../policies/data/${name}.yaml`, import.meta.url)),
    ]),
  )
  const reading = readDirectory(files)
  expect(reading.ok ? [] : renderFaults(reading.faults)).toEqual([])
})

import { type Directory, readDirectory } from '../../app/identity/directory.ts'
import { renderFaults } from '../../app/request/render-faults.ts'

export const names = ['identities', 'groups', 'roles'] as const
export type Name = (typeof names)[number]

export const header = (kind: string) => `apiVersion: gitsudo.dev/v1\nkind: ${kind}\n`
export const good: Readonly<Record<Name, string>> = {
  identities: `${header('Identities')}identities:
  alice:
    id: 1001
    trustTier: 3
    emails: [alice@example.com]
    oidc: [{issuer: https://login.example.com, sub: a1}]
    certificateSans: ["email:alice@example.com"]
    principals: {mock: [alice, alice2], aws: [alice]}
  Bob:
    id: 1002
    trustTier: 2
    emails: [bob@example.com, "1002+bob@users.noreply.github.com"]
    principals: {mock: [bob]}
  mallory:
    id: 1666
    trustTier: 0
    blocked: true
    emails: [mallory@example.com]
    oidc: [{issuer: https://login.example.com, sub: m1}]
`,
  groups: `${header('Groups')}groups:
  sre: {members: [alice, bob, mallory]}
  platform: {team: acme/platform}
`,
  roles: `${header('Roles')}roles:
  - {provider: mock, role: db-read, scopes: [orders], maxDuration: 4h, owners: [sre]}
  - {provider: aws, role: admin, scopes: ["123456789012"], cloudRole: Administrator, maxDuration: 1h, owners: [platform], offline: true, chain: true}
`,
}

export function read(change: Partial<Record<Name, (text: string) => string>> = {}) {
  const same = (text: string) => text
  return readDirectory(
    new Map(
      names.map((name) => [
        `policies/data/${name}.yaml`,
        new TextEncoder().encode((change[name] ?? same)(good[name])),
      ]),
    ),
  )
}

export function directory(): Directory {
  const reading = read()
  if (!reading.ok) throw new Error(renderFaults(reading.faults).join('\n'))
  return reading.directory
}

export function faultsOf(name: Name, from: string, to: string): readonly string[] {
  if (!good[name].includes(from)) throw new Error(`no ${from} in ${name}`)
  const reading = read({ [name]: (text: string) => text.replace(from, to) })
  return reading.ok ? [] : renderFaults(reading.faults).map((line) => line.replace('policies/data/', ''))
}

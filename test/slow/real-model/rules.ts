import { load } from 'js-yaml'
import type { Variant as Name } from '../../reconcile/model/rules.ts'
import type { Policy } from '../../support/restatement/truth.ts'

/** What a sequence's requests ask for: what needs nobody, an owner and one more (`policies/`), or what goes with no other. */
export const asks = {
  nobody: {
    role: 'prod-read-only',
    other: 'prod-read-only',
    scope: '"123456789012"',
    one: '30m',
    two: '20m',
  },
  two: {
    role: 'prod-infra-admin',
    other: 'prod-infra-admin',
    scope: '"123456789012"',
    one: '1h',
    two: '30m',
  },
  apart: { role: 'namespace-edit', other: 'db-read', scope: 'orders', one: '1h', two: '30m' },
} as const
export type Needs = keyof typeof asks

/** Files below `policies/data/` → their text. */
export type Data = Readonly<Record<'groups' | 'identities' | 'roles', string>>
type Edit = (data: Data) => Data

const swap =
  (file: keyof Data, from: string | RegExp, to: string): Edit =>
  (data) => {
    const text = data[file].replace(from, to)
    if (text === data[file]) throw new Error(`${file} says no ${from}`)
    return { ...data, [file]: text }
  }
const usual: Edit = (data) => data
const others = swap(
  'groups',
  'prod-approvers:\n    members: [bob, carol, erin]',
  'prod-approvers:\n    members: [erin]',
)
const owners = swap('roles', /owners: \[sre\]/g, 'owners: [security, sre]')
const newcomer = swap('identities', 'id: 1001\n    trustTier: 3', 'id: 1001\n    trustTier: 2')
const outside = swap('groups', 'sre:\n    members: [alice, ', 'sre:\n    members: [')
const blocked = (who: string) => swap('identities', `${who}:\n`, `${who}:\n    blocked: true\n`)

/** The model's variants, as far as data alone can tell them. */
export const variants: Readonly<Record<Name, Edit>> = {
  usual,
  unnamed: usual,
  behalf: usual,
  pair: owners,
  unknown: owners,
  two: others,
  none: others,
  auto: newcomer,
  odd: newcomer,
  denied: outside,
  disallowed: outside,
  blocked: blocked('alice'),
  silenced: blocked('carol'),
  together: usual,
}

type Identity = {
  id: number
  trustTier: number
  emails: string[]
  principals: Record<string, string[]>
  blocked?: boolean
}
type Role = { provider: string; role: string; scopes: string[]; maxDuration: string; owners: string[] }

/** Where this sequence is at home: alice is among the developers, to whom both roles that go apart are open. */
export const atHome: Edit = (data) =>
  [
    swap('groups', 'developers:\n    members: [', 'developers:\n    members: [alice, '),
    swap(
      'roles',
      /$/,
      '  - { provider: mock, role: namespace-edit, scopes: [orders], maxDuration: 2h, owners: [security] }\n',
    ),
  ].reduce((now, edit) => edit(now), data)

/** The shipped policies told again, of what a sequence's requests ask for, by a pull request of this author's. */
export const policyOf = (data: Data, needs: Needs, author: number): Policy => {
  const { identities } = load(data.identities) as { identities: Record<string, Identity> }
  const { groups } = load(data.groups) as { groups: Record<string, { members: string[] }> }
  const { roles } = load(data.roles) as { roles: Role[] }
  const { role: asked, other } = asks[needs]
  const offered = roles.filter(
    ({ provider, role }) => provider === 'mock' && (role === asked || role === other),
  )
  const tier = identities.alice?.trustTier ?? 0
  const members = (group: string) => groups[group]?.members ?? []
  const low = needs === 'nobody' && tier >= 3
  const seconds = needs === 'two' ? [0, 0, 1800, 14_400, 28_800] : [0, 1800, 14_400, 28_800, 28_800]
  // Both roles that go apart have the same owners, and are open to the same.
  const [{ owners } = { owners: [] }] = offered
  const open = [...owners, ...(needs === 'two' ? [] : ['developers'])]
  const [owner = ''] = owners
  const approvers = needs === 'two' ? [owner, 'prod-approvers'] : [owner]
  const opener = Object.values(identities).find(({ id }) => id === author)
  return {
    people: Object.entries(identities).map(([login, { id, emails, principals, blocked: gone }]) => ({
      login,
      id,
      emails: [...emails, `${id}+${login}@users.noreply.github.com`],
      principals: Object.entries(principals).flatMap(([cloud, names]) =>
        names.map((name) => `${cloud}:${name}`),
      ),
      blocked: gone === true,
    })),
    groups: Object.fromEntries(Object.keys(groups).map((name) => [name, members(name)])),
    roles: offered.map(({ role, scopes, maxDuration }) => ({
      provider: 'mock',
      role,
      scopes,
      seconds: Math.min(3600 * Number.parseInt(maxDuration, 10), seconds[tier] ?? 0),
    })),
    allow: open.some((group) => members(group).includes('alice')),
    deny: [],
    apart: [
      ['prod-infra-admin', 'db-read'],
      ['namespace-edit', 'db-read'],
    ],
    onBehalf: (opener?.trustTier ?? 0) >= 2,
    tier: low ? 'auto' : 'human',
    required: low ? [] : approvers.map((group) => ({ group, count: 1 })),
  }
}

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Directory, readDirectory } from '../../app/identity/directory.ts'
import { policyData } from '../../app/identity/policy-data.ts'
import { renderFaults } from '../../app/request/render-faults.ts'

const names = ['identities', 'groups', 'roles'] as const
type Name = (typeof names)[number]

const header = (kind: string) => `apiVersion: gitsudo.dev/v1\nkind: ${kind}\n`
const good: Readonly<Record<Name, string>> = {
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

function read(change: Partial<Record<Name, (text: string) => string>> = {}) {
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

function directory(): Directory {
  const reading = read()
  if (!reading.ok) throw new Error(renderFaults(reading.faults).join('\n'))
  return reading.directory
}

function faultsOf(name: Name, from: string, to: string): readonly string[] {
  if (!good[name].includes(from)) throw new Error(`no ${from} in ${name}`)
  const reading = read({ [name]: (text: string) => text.replace(from, to) })
  return reading.ok ? [] : renderFaults(reading.faults).map((line) => line.replace('policies/data/', ''))
}

describe('people are found', () => {
  test('by login and number together', () => {
    expect(directory().person('ALICE', 1001)).toMatchObject({
      ok: true,
      identity: { login: 'alice', id: 1001 },
    })
  })

  test('6.16 not by a login whose number is another', () => {
    expect(directory().person('alice', 2002)).toMatchObject({
      ok: false,
      code: 'mismatch',
      line: 4,
      message:
        'alice is the account 2002 on GitHub, but 1001 in policies/data/identities.yaml: the login has a new owner',
    })
    expect(directory().person('alice-renamed', 1001)).toMatchObject({ ok: false, code: 'mismatch', line: 4 })
    expect(directory().person('alice', 1002)).toMatchObject({ ok: false, code: 'mismatch' })
  })

  test('and a missing one is answered with the file and the line to add', () => {
    const answer = directory().person('gina', 1007)
    expect(answer).toMatchObject({ ok: false, code: 'unknown', file: 'policies/data/identities.yaml' })
    if (answer.ok) return
    const [, line = ''] = /`(.*)`/.exec(answer.remedy) ?? []
    const lines = good.identities.split('\n')
    const mended = [...lines.slice(0, answer.line), line, ...lines.slice(answer.line)].join('\n')
    const reading = read({ identities: () => mended })
    expect(reading.ok && reading.directory.person('gina', 1007)).toMatchObject({ ok: true })
  })

  test('2.8 by address: the listed ones in any case, GitHub’s own by their number', () => {
    const people = directory()
    expect(people.byEmail('Alice@Example.com')?.id).toBe(1001)
    expect(people.byEmail('1001+whatever@users.noreply.github.com')?.login).toBe('alice')
    expect(people.byEmail('77+zed@users.noreply.github.com')).toEqual({ id: 77, login: 'zed' })
    expect(people.byEmail('5+alice[bot]@users.noreply.github.com')?.id).toBe(5)
    for (const nobody of [
      '',
      'alice',
      'alice@users.noreply.github.com',
      'noreply@github.com',
      'x1001+alice@users.noreply.github.com',
      '1001+alice@users.noreply.github.com.evil.example@x',
    ]) {
      expect(people.byEmail(nobody), nobody).toBeUndefined()
    }
  })

  test('by OIDC subject and certificate name', () => {
    expect(directory().byOidc('https://login.example.com', 'a1')?.login).toBe('alice')
    expect(directory().byOidc('https://login.example.org', 'a1')).toBeUndefined()
    expect(directory().byCertificateSan('email:alice@example.com')?.login).toBe('alice')
  })

  test('with their principals', () => {
    const people = directory()
    const alice = people.byId(1001)
    if (alice === undefined) throw new Error('no alice')
    expect(people.principal(alice, 'mock')).toBe('alice')
    expect(people.principal(alice, 'gcp')).toBeUndefined()
    expect(people.principalsOf(alice)).toEqual(['mock:alice', 'mock:alice2', 'aws:alice'])
  })
})

test('a blocked person is named for nothing, and still known by what they did', () => {
  const people = directory()
  expect(people.person('mallory', 1666)).toMatchObject({ ok: false, code: 'blocked', line: 16 })
  expect(people.byLogin('mallory')).toBeUndefined()
  expect(people.byOidc('https://login.example.com', 'm1')).toBeUndefined()
  expect(people.groups[0]).toEqual({ name: 'sre', members: ['alice', 'Bob'] })
  expect(people.byId(1666)?.blocked).toBe(true)
  expect(people.byEmail('mallory@example.com')?.id).toBe(1666)
})

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

describe('faults say where and what to write instead', () => {
  test.each<[Name, string, string, readonly string[]]>([
    [
      'identities',
      'id: 1002',
      'id: 1001',
      [
        "identities.yaml:12:9 the id 1001 is alice's too, on line 5; leave it with the person it belongs to",
        "identities.yaml:14:31 the address 1002+bob@users.noreply.github.com is the account 1002's, and Bob is 1001; remove the address",
      ],
    ],
    [
      'identities',
      '  Bob:',
      '  Alice:',
      [
        "identities.yaml:11:3 the login Alice is alice's too, on line 4; leave it with the person it belongs to",
      ],
    ],
    [
      'identities',
      '[bob@example.com',
      '[ALICE@example.com',
      [
        "identities.yaml:14:14 the address ALICE@example.com is alice's too, on line 7; leave it with the person it belongs to",
      ],
    ],
    [
      'identities',
      'mock: [bob]',
      'mock: [alice2]',
      [
        "identities.yaml:15:25 the mock principal alice2 is alice's too, on line 10; leave it with the person it belongs to",
      ],
    ],
    [
      'identities',
      'sub: m1',
      'sub: a1',
      [
        "identities.yaml:21:12 the OIDC subject a1 is alice's too, on line 7; leave it with the person it belongs to".replace(
          'line 7',
          'line 8',
        ),
      ],
    ],
    [
      'identities',
      'id: 1001',
      'id: "1001"',
      [
        'identities.yaml:5:9 identities.alice.id must be a whole number, not "1001"; write the numeric id that `gh api users/LOGIN --jq .id` prints',
      ],
    ],
    [
      'identities',
      'id: 1001',
      'id: 01001',
      [
        'identities.yaml:5:9 "01001" without quotes is 513 to some YAML readers; write "01001" in quotes if it is text, else true, false or a plain decimal number',
      ],
    ],
    [
      'identities',
      'trustTier: 3',
      'trustTier: 5',
      [
        'identities.yaml:6:16 identities.alice.trustTier must be <= 4, not "5"; write a whole number from 0 to 4',
      ],
    ],
    [
      'identities',
      '    trustTier: 3\n',
      '',
      ['identities.yaml:4:3 identities.alice.trustTier is missing; add `trustTier: 2`'],
    ],
    [
      'identities',
      'principals: {mock: [bob]}',
      'principal: {mock: [bob]}',
      ['identities.yaml:15:5 "principal" is no field of identities.Bob; write principals'],
    ],
    [
      'groups',
      'bob',
      'bobb',
      ['groups.yaml:4:26 identities.yaml has no bobb; write Bob, or add bobb to identities.yaml'],
    ],
    ['groups', 'bob', 'Alice', ['groups.yaml:4:26 Alice is in sre twice; remove one of the two']],
    [
      'groups',
      '{team: acme/platform}',
      '{team: platform}',
      ['groups.yaml:5:20 "platform" is no team; write the team as organisation/team'],
    ],
    [
      'groups',
      '{team: acme/platform}',
      '{}',
      [
        'groups.yaml:5:3 groups.platform must have exactly one of members and team; write either members, a list of logins, or team, as organisation/team',
      ],
    ],
    ['roles', 'owners: [sre]', 'owners: [srr]', ['roles.yaml:4:81 groups.yaml has no group srr; write sre']],
    [
      'roles',
      '[orders]',
      '["*"]',
      [
        'roles.yaml:4:46 "*" is no entry of scopes; write one scope in full, without * or spaces, in quotes where it is a number',
      ],
    ],
    [
      'roles',
      '"123456789012"',
      '123456789012',
      [
        'roles.yaml:5:43 roles.1.scopes.0 must be text, not the number 123456789012; write "123456789012" in quotes',
      ],
    ],
    ['roles', '4h', '31d', ['roles.yaml:4:68 the duration 31d is longer than 30d; ask for at most 30d']],
    [
      'roles',
      'provider: aws, role: admin',
      'provider: mock, role: db-read',
      ['roles.yaml:5:28 the role db-read of mock is on line 4 too; list all its scopes in one entry'],
    ],
  ])('%s: %j → %j', (name, from, to, expected) => expect(faultsOf(name, from, to)).toEqual(expected))

  test('of all three files at once, a missing one included', () => {
    const reading = readDirectory(
      new Map([
        ['policies/data/identities.yaml', new TextEncoder().encode(good.identities.replace('3', '9'))],
        ['policies/data/groups.yaml', new TextEncoder().encode(good.groups.replace('acme/', ''))],
      ]),
    )
    expect(reading.ok ? [] : reading.faults.map(({ file, code }) => `${file} ${code}`)).toEqual([
      'policies/data/identities.yaml value',
      'policies/data/groups.yaml value',
      'policies/data/roles.yaml missing',
    ])
  })
})

test('mutated data files never throw, and never make one thing two people', () => {
  const edit = fc.record({
    name: fc.constantFrom(...names),
    at: fc.nat(900),
    remove: fc.nat(10),
    insert: fc.constantFrom(
      '',
      'alice',
      '1001',
      '[',
      '}',
      ': ',
      '\n',
      '*a',
      '"',
      '<<: 1',
      '__proto__: {}',
      '\0',
      'mock: [alice]',
      ', bob@example.com',
    ),
  })
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
      const change = (name: Name) => (text: string) =>
        edits
          .filter((one) => one.name === name)
          .reduce(
            (rest, { at, remove, insert }) => rest.slice(0, at) + insert + rest.slice(at + remove),
            text,
          )
      const reading = read({
        identities: change('identities'),
        groups: change('groups'),
        roles: change('roles'),
      })
      if (!reading.ok) {
        expect(reading.faults.length).toBeGreaterThan(0)
        return
      }
      const { identities } = reading.directory
      const all = identities.flatMap(({ login, id, emails, principals }) => {
        const own = [
          `id ${id}`,
          `login ${login.toLowerCase()}`,
          ...emails.map((email) => email.toLowerCase()),
        ]
        return [
          ...new Set([
            ...own,
            ...Object.entries(principals).flatMap(([provider, list]) =>
              list.map((name) => `${provider} ${name}`),
            ),
          ]),
        ]
      })
      expect(new Set(all).size).toBe(all.length)
    }),
    { numRuns: 3_000 },
  )
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

import { describe, expect, test } from 'vitest'
import { readDirectory } from '../../app/identity/directory.ts'
import { faultsOf, good, type Name } from './data-files.ts'

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

import { expect, test } from 'vitest'
import { readDirectory } from '../../app/identity/directory.ts'
import { mostFaults } from '../../app/request/fault.ts'
import { good, header } from './data-files.ts'

const mebibyte = 1024 * 1024
const counted = (i: number, most: number) => Array.from({ length: most }, (_, j) => i * most + j)
/** Names of one length, far from each other's beginnings. */
const name = (letter: string, i: number, length: number) => letter.repeat(length - 6) + String(i + 100_000)

/** A file of as many entries as go into `size` bytes. */
function full(kind: string, entry: (i: number) => string, size = mebibyte): string {
  let text = `${header(kind)}${kind.toLowerCase()}:\n`
  for (let i = 0; text.length + entry(i).length <= size; i++) text += entry(i)
  return text
}

const groups = (length: number) => full('Groups', (i) => `  ${name('a', i, length)}: {members: []}\n`)
const role = (i: number, owners: readonly string[], more = '') =>
  `  - {provider: mock, role: r${i}, scopes: [s], maxDuration: 4h${more}, owners: [${owners}]}\n`
const owned = (letter: string, length: number) =>
  full('Roles', (i) =>
    role(
      i,
      counted(i, 16).map((j) => name(letter, j, length)),
    ),
  )

/** Each took minutes, or all memory, while every fault was worded or every name compared. */
test.each<[string, Partial<typeof good>]>([
  ['owners that are no group, far from all groups', { groups: groups(20), roles: owned('z', 20) }],
  ['owners that are no group, near to all groups', { groups: groups(60), roles: owned('a', 59) }],
  [
    'members who are nobody',
    {
      identities: full('Identities', (i) => `  ${name('a', i, 39)}: {id: ${i + 1}, trustTier: 1}\n`),
      groups: full(
        'Groups',
        (i) => `  g${i}: {members: [${counted(i, 1000).map((j) => name('z', j, 39))}]}\n`,
      ),
    },
  ],
])(
  'files of a mebibyte with %s are read in a moment, and few words said of them',
  (_, files) => {
    const data = Object.entries({ ...good, ...files }).map(
      ([file, text]) => [`policies/data/${file}.yaml`, new TextEncoder().encode(text)] as const,
    )
    const reading = readDirectory(new Map(data))
    const faults = reading.ok ? [] : reading.faults
    expect(faults).toHaveLength(mostFaults)
    expect(Math.max(...faults.map(({ message, remedy }) => `${message}${remedy}`.length))).toBeLessThan(2000)
  },
  30_000,
)

test.each([
  ['one long name above many values', `"${'k'.repeat(mebibyte / 2)}": [${'1,'.repeat(mebibyte / 4)}1]\n`],
  [
    'long names above each other, and many values',
    `${counted(0, 30)
      .map((depth) => `${' '.repeat(depth)}${'k'.repeat(16_384)}:\n`)
      .join('')}${' '.repeat(30)}[${'1,'.repeat(mebibyte / 4)}1]\n`,
  ],
])(
  'a file with %s does not take the names for each value',
  (_, text) => {
    const reading = readDirectory(
      new Map([['policies/data/identities.yaml', new TextEncoder().encode(text)]]),
    )
    const faults = reading.ok ? [] : reading.faults
    expect(faults[0]).toMatchObject({
      line: 1,
      column: 1,
      message: expect.stringMatching(/is missing|too long/),
    })
    expect(faults).toContainEqual(
      expect.objectContaining({
        code: 'key',
        message: expect.stringMatching(/^the name "k{59}…" is too long, /),
      }),
    )
    expect(Math.max(...faults.map((fault) => JSON.stringify(fault).length))).toBeLessThan(2000)
  },
  30_000,
)

test('an owner that is no group is told of twenty groups, and of how many more', () => {
  const reading = readDirectory(
    new Map(
      Object.entries({
        identities: good.identities,
        groups: full('Groups', (i) => `  ${name('g', i, 20)}: {team: acme/platform}\n`, 1400),
        roles: full('Roles', (i) => role(i, ['unheard-of']), 200),
      }).map(([file, text]) => [`policies/data/${file}.yaml`, new TextEncoder().encode(text)]),
    ),
  )
  expect(reading.ok ? [] : reading.faults.map(({ remedy }) => remedy)).toEqual([
    expect.stringMatching(/^write one of (?:g{14}\d{6}, ){19}g{14}\d{6} and \d+ more$/),
  ])
})

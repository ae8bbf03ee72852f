import { expect, test } from 'vitest'
import { createMergeCheck } from '../../app/audit/compare/merges.ts'
import type { EventType } from '../../app/audit/event.ts'
import { exampleEvents } from '../support/event-examples.ts'

const minute = 60_000
const now = Date.UTC(2026, 11, 1, 12)
const window = 60 * minute
/** In minutes before `now`. */
const ago = (minutes: number) => now - minutes * minute
const sha = (place: number) => `${place}`.repeat(40)

/** The file `name` came with the commit at this place, so many minutes ago by its committer. */
type Added = readonly [name: string, place: number, minutes: number]
/** An event about the commit at this place, so many minutes ago; a verdict names its file. */
type Said = readonly [type: EventType, place: number, minutes: number, name?: string]

const end = (added: readonly Added[], said: readonly Said[], ledgerEnds = false) => {
  const commits = Array.from({ length: 10 }, (_, place) => sha(place))
  const files = added.map(([name, place, minutes]) => ({
    sha: sha(place),
    at: ago(minutes),
    paths: [name],
  }))
  const check = createMergeCheck({ branch: 'main', commits, added: files }, now, window)
  for (const [type, place, minutes, path] of said) {
    const [example] = exampleEvents(type)
    const data = path === undefined ? example.data : { ...example.data, path }
    check.see({ ...example, at: new Date(ago(minutes)).toISOString(), commit: sha(place), data })
  }
  return check.end(ledgerEnds)
}
const loaded: Said = ['policy.loaded', 0, 600]
const lost = (name: string, place: number) =>
  `${name} reached main with ${sha(place).slice(0, 12)}, and no event says so`

test('a merge within the grant window waits, though a later one is decided', () => {
  const verdict = end(
    [
      ['a', 1, 59],
      ['b', 2, 58],
    ],
    [loaded, ['grant.intended', 2, 57, 'b']],
  )
  expect(verdict).toMatchObject({
    outcome: 'agrees',
    said: '1 request on main has its event, 1 merged within the grant window wait for theirs',
  })
})

test.each<[string, Added, Said]>([
  ['after the grant window it is missed', ['a', 1, 61], ['grant.intended', 2, 1, 'b']],
  [
    'a time in the future keeps nothing waiting longer than the window after the next verdict behind it',
    ['a', 1, -1_000_000],
    ['grant.refused', 3, 61, 'b'],
  ],
  ['nor after one about its own commit', ['a', 1, -1_000_000], ['grant.refused', 1, 61, 'b']],
])('%s', (_, added, said) =>
  expect(end([added, ['b', said[1], 62]], [loaded, said])).toMatchObject({
    outcome: 'fault',
    details: [lost('a', 1)],
  }),
)

test('what came after the last verdict waits by its own time', () => {
  const verdict = end(
    [
      ['a', 1, 90],
      ['b', 2, -90],
    ],
    [loaded, ['grant.intended', 1, 89, 'a']],
  )
  expect(verdict).toMatchObject({ outcome: 'agrees', said: expect.stringContaining('1 merged within') })
})

const decidedBehind: readonly Added[] = [
  ['a', 1, 301],
  ['b', 2, 300],
]
test('of a backup, what was not decided when it was made is expected to be missing, and told', () => {
  const since: Added = ['c', 3, 120]
  const said = [loaded, ['grant.intended', 2, 299, 'b']] as const
  expect(end([...decidedBehind, since], said, true)).toMatchObject({
    outcome: 'agrees',
    said: '1 request on main has its event, 2 not decided when the backup was made',
    after: [`a (merged as ${sha(1).slice(0, 12)})`, `c (merged as ${sha(3).slice(0, 12)})`],
  })
})

test.each<[string, Added, readonly Said[]]>([
  ['earlier than the grant window before its last verdict', ['a', 1, 361], []],
  ['earlier than that before its last policies', ['a', 1, 301], [['policy.loaded', 2, 240]]],
  [
    'with a time in the future, before what was decided earlier than that,',
    ['a', 1, -1_000_000],
    [['grant.refused', 3, 239, 'c']],
  ],
])('of a backup, what came %s is missed', (_, added, more) =>
  expect(end([added, ['b', 2, 300]], [loaded, ['grant.intended', 2, 300, 'b'], ...more], true)).toMatchObject(
    { outcome: 'fault', details: [lost('a', 1)], after: [] },
  ),
)

const first: Added = ['first', 4, 600]
test.each<[string, Added[], Said[], { said?: string; details?: string[] }]>([
  [
    'not what came with the first accepted commit, from which the branch is followed',
    [['before', 3, 601], first, ['a', 5, 300]],
    [
      ['policy.loaded', 4, 599],
      ['grant.intended', 5, 299, 'a'],
    ],
    { said: '1 request on main has its event' },
  ],
  [
    'nothing yet, where it is the newest',
    [['last', 9, 600]],
    [['policy.loaded', 9, 599]],
    { said: '0 requests on main each have their event' },
  ],
  [
    'all of a commit of which one file was decided',
    [first, ['b', 4, 600]],
    [
      ['policy.loaded', 4, 599],
      ['grant.refused', 4, 598, 'b'],
    ],
    { details: [lost('first', 4)] },
  ],
  ...(['policy.accepted', 'policy.refused'] as const).map(
    (type): [string, Added[], Said[], { details: string[] }] => [
      `what came with a commit that was judged: ${type}`,
      [first],
      [
        [type, 4, 599],
        ['policy.loaded', 4, 598],
      ],
      { details: [lost('first', 4)] },
    ],
  ),
  [
    'what came with policies that were loaded later, and before them',
    [['a', 3, 601], first],
    [
      ['policy.loaded', 2, 700],
      ['policy.loaded', 4, 599],
      ['policy.loaded', 6, 500],
    ],
    { details: [lost('a', 3), lost('first', 4)] },
  ],
])('an event is demanded of %s', (_, added, said, due) =>
  expect(end(added, said)).toMatchObject({ outcome: due.details ? 'fault' : 'agrees', ...due }),
)

test('where no event names a commit, nothing is said of its merges', () =>
  expect(end([first], [])).toMatchObject({ outcome: 'unproven', details: [] }))

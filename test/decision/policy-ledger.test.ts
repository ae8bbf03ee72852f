import { expect, test } from 'vitest'
import type { LedgerEvent } from '../../app/audit/event.ts'
import { foldPolicyLedger } from '../../app/decision/policy-ledger.ts'
import { writeInstant } from '../../app/request/instant.ts'

const event = (
  type: 'policy.accepted' | 'policy.refused' | 'policy.loaded',
  commit: string,
  at: number,
  previous = '',
) => ({
  v: 1 as const,
  type,
  at: writeInstant(at),
  actor: { kind: 'app' as const, id: 'gitsudo' },
  repo: 1,
  pull: at,
  commit,
  data: { previous, why: 'w' },
})

test("accepted commits follow each other; what takes nobody's place is nothing", () => {
  const ledger = foldPolicyLedger('a', [
    event('policy.loaded', 'a', 1),
    event('policy.accepted', 'b', 2, 'a'),
    event('policy.loaded', 'b', 3),
    event('policy.refused', 'x', 4, 'b'),
    event('policy.accepted', 'c', 5, 'a'),
    event('policy.accepted', 'b', 2, 'a'),
    event('policy.loaded', 'a', 1),
  ])
  expect(ledger.accepted).toBe('b')
  expect(ledger.lastLoaded).toBe('b')
  expect(ledger.verdicts).toEqual([
    { accepted: true, commit: 'b', pull: 2, why: 'w' },
    { accepted: false, commit: 'x', pull: 4, why: 'w' },
  ])
})

test('nothing is loaded at first, and what brings no pull request names none', () => {
  const { pull: _, ...alone } = event('policy.refused', 'x', 1)
  expect(foldPolicyLedger('a', [{ ...alone, data: {} }])).toStrictEqual({
    accepted: 'a',
    loadedAt: new Map(),
    verdicts: [{ accepted: false, commit: 'x', why: '' }],
  })
})

test.each<[string, readonly LedgerEvent[], readonly (readonly [string, number])[], string | undefined]>([
  ['once', [event('policy.loaded', 'a', 5)], [['a', 5]], 'a'],
  ['again', [event('policy.loaded', 'a', 5), event('policy.loaded', 'a', 6)], [['a', 6]], 'a'],
  [
    'an old one told again',
    [event('policy.loaded', 'a', 5), event('policy.loaded', 'a', 4)],
    [['a', 5]],
    'a',
  ],
  [
    'two at once: the one told of last',
    [event('policy.loaded', 'a', 5), event('policy.loaded', 'b', 5)],
    [
      ['a', 5],
      ['b', 5],
    ],
    'b',
  ],
  [
    'several at once: the one told of last',
    [event('policy.loaded', 'a', 5), event('policy.loaded', 'b', 5), event('policy.loaded', 'a', 5)],
    [
      ['a', 5],
      ['b', 5],
    ],
    'a',
  ],
  [
    'a late one',
    [event('policy.loaded', 'a', 5), event('policy.loaded', 'b', 4)],
    [
      ['a', 5],
      ['b', 4],
    ],
    'a',
  ],
  ['at no time', [{ ...event('policy.loaded', 'a', 5), at: 'then' }], [], undefined],
  ['of no commit', [{ ...event('policy.loaded', 'a', 5), commit: undefined } as never], [], undefined],
])('policies loaded %s', (_, events, loadedAt, lastLoaded) => {
  const ledger = foldPolicyLedger('a', events)
  expect([...ledger.loadedAt]).toEqual(loadedAt)
  expect(ledger.lastLoaded).toBe(lastLoaded)
})

import { describe, expect, test } from 'vitest'
import type { Decision } from '../../app/decision/decision.ts'
import { askedNow, stillToAsk } from '../../app/reconcile/publish/asked.ts'
import { reviewersToAsk } from '../../app/reconcile/publish/reviewers.ts'

describe('reviewersToAsk', () => {
  const decision = (requirements: object[]): Decision =>
    ({ requests: [{ verdict: 'action_required', requirements }] }) as unknown as Decision
  const people = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => ({ id: from + i, login: `p${from + i}` }))

  test('the first 15 by numeric id without the author; the rest are named', () => {
    const eligible = people(1, 20).reverse()
    const { users, unasked } = reviewersToAsk(decision([{ count: 1, metBy: [], eligible }]), 3)
    expect(users).toEqual([1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16].map((id) => `p${id}`))
    expect(unasked).toEqual(['p17', 'p18', 'p19', 'p20'])
  })

  test('not who approved already, whatever else wants him', () => {
    const [bob, carol, dave] = people(1, 3)
    const both = { count: 2, metBy: [bob], eligible: [bob, carol] }
    const other = { count: 1, metBy: [], eligible: [bob, dave] }
    expect(reviewersToAsk(decision([both, other]), 9).users).toEqual(['p2', 'p3'])
    // Of another file, which was changed since.
    const again = [{ id: 1, review: 77 }]
    expect(reviewersToAsk(decision([both, { ...other, again }]), 9).users).toEqual(['p1', 'p2', 'p3'])
    expect(reviewersToAsk(decision([{ ...other, again }]), 1).users).toEqual(['p3'])
  })

  test('never more than 15 teams either', () => {
    const teams = Array.from({ length: 20 }, (_, i) => ({
      count: 1,
      metBy: [],
      eligible: people(1, 2),
      team: `acme/t${i}`,
    }))
    const ask = reviewersToAsk(decision([...teams, { count: 1, metBy: [], eligible: people(1, 1) }]), 9)
    expect(ask.teams).toHaveLength(15)
    expect(ask.users).toEqual([])
    expect(ask.unasked).toEqual(['t15', 't16', 't17', 't18', 't19', 'p1'])
  })

  test('reviews that count no longer are marked, of a team by its name, where somebody is needed', () => {
    const eligible = people(1, 3)
    const again = [{ id: 2, review: 17 }]
    const of = (one: object) =>
      reviewersToAsk(decision([{ count: 1, metBy: [], eligible, again, ...one }]), 9)
    expect(of({}).again).toEqual(['p2#17'])
    expect(of({ team: 'acme/sre' }).again).toEqual(['team:sre#17'])
    expect(of({ metBy: people(1, 1) }).again).toEqual([])
  })
})

describe('who is asked now, and what is kept of it', () => {
  const none = { users: [], teams: [] }
  const bob = { users: ['bob'], teams: [], again: [] as readonly string[] }
  const spent = { ...bob, again: ['bob#17', 'bobby#18'] }
  const sre = { users: [], teams: ['sre'], again: ['team:sre#17'] }
  test.each([
    ['whoever was not asked yet', bob, [], ['bob'], ['bob']],
    ['nobody twice', bob, ['bob'], [], ['bob']],
    ['once more after a review that counts no longer', spent, ['bob'], ['bob'], ['bob', 'bob#17']],
    ['and not again after the same', spent, ['bob', 'bob#17'], [], ['bob', 'bob#17']],
    [
      'but after the next',
      { ...bob, again: ['bob#19'] },
      ['bob', 'bob#17'],
      ['bob'],
      ['bob', 'bob#17', 'bob#19'],
    ],
    ['once, who reviewed before being asked', spent, [], ['bob'], ['bob', 'bob#17']],
    ['a team likewise', sre, ['team:sre'], ['sre'], ['team:sre', 'team:sre#17']],
    ['nobody whom this head was refused', spent, ['bob!h'], [], ['bob!h']],
    ['whom another head was refused', bob, ['carol', 'bob!g', 'dave!g'], ['bob'], ['carol', 'bob']],
  ] as const)('%s', (_, ask, asked, expected, kept) => {
    const sent = stillToAsk(ask, asked, 'h')
    expect([...sent.users, ...sent.teams]).toEqual(expected)
    if (expected.length > 0) expect(askedNow(ask, asked, 'h', { sent, refused: none })).toEqual(kept)
  })
  test('whom GitHub refuses is tried again at the next head only', () => {
    const ask = { users: ['bob', 'carol'], teams: ['sre'], again: [] }
    const refused = { users: ['carol'], teams: ['sre'] }
    const kept = askedNow(ask, [], 'h', { sent: ask, refused })
    expect(kept).toEqual(['bob', 'carol!h', 'team:sre!h'])
    expect(stillToAsk(ask, kept, 'h')).toEqual(none)
    expect(stillToAsk(ask, kept, 'i')).toEqual(refused)
  })
})

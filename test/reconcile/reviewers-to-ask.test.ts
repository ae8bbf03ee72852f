import { describe, expect, test } from 'vitest'
import type { Decision } from '../../app/decision/decision.ts'
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
})

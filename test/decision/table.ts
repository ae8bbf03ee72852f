import { describe, expect, test } from 'vitest'
import type { Facts } from '../../app/decision/facts.ts'
import { type Case, outcomeOf } from './fixture.ts'

/** Runs a table of cases over one base. */
export const decides = (title: string, base: Facts, cases: readonly Case[]): void => {
  describe(title, () => {
    test.each(cases)('$name → $verdict $rule', (one) => {
      const { verdict, rules, summary } = outcomeOf(base, one)
      expect({ verdict, summary, rules }).toMatchObject({ verdict: one.verdict })
      if (one.rule !== undefined) expect(rules).toContain(one.rule)
      if (one.summary !== undefined) expect(summary).toMatch(one.summary)
    })
  })
}

import { describe, expect, test } from 'vitest'
import { decide } from '../../app/decision/decide.ts'
import type { Terms } from '../../app/decision/decision.ts'
import { precedentOf, termsOf } from '../../app/decision/renewal.ts'
import { foldApproval } from '../../app/decision/requirements.ts'
import { alice, approval, bob, group, open, patched, policies, says, users } from './fixture.ts'
import { human, renewalCases, renewed, sre } from './told/renewal-cases.ts'

describe('after the accepted policies changed (trust.md 1.9)', () => {
  test.each(renewalCases)('$name → $verdict', (one) => {
    const decision = decide(renewed(one))
    expect({ verdict: decision.verdict, summary: decision.summary }).toMatchObject({ verdict: one.verdict })
    if (one.had !== undefined) expect(JSON.stringify(decision.requests)).toContain(one.had)
  })

  test('a decision holds what was asked for, whoever belongs to it', () => {
    const terms = (more: Partial<typeof policies>) =>
      decide(patched(open, { policies: more })).requests[0]?.terms
    const first = terms({})
    expect(first).toEqual({ tier: 'human', asks: sre, met: true })
    expect(terms({ groups: [{ name: 'sre', members: [alice, bob] }] })).toEqual(first)
    expect(terms({ approval: [approval('renamed', { required: [group('sre')] })] })).toEqual(first)
    expect(terms({ approval: [approval('x', { required: [users('dave', 'carol')] })] })?.asks).toEqual([
      '1 of users 3 4',
    ])
    expect(terms({ approval: [approval('x', {}, [says(bob, true)])] })?.asks).toEqual(['1 of policy x 2'])
  })

  test('what was asked for is the same in whatever order the policies ask', () => {
    const terms = (...names: readonly string[]) =>
      termsOf(
        foldApproval(
          { ...policies, approval: [approval('x', { required: names.map((name) => group(name)) })] },
          String,
        ),
      )
    expect(terms('security', 'sre')).toEqual(terms('sre', 'security'))
    expect(terms('security', 'sre').asks).toHaveLength(2)
  })

  test('what is disabled by hand changes nothing of what was asked for', () => {
    const decision = decide(
      patched(open, {
        policies: { approval: [approval('x', { tier: 'auto', required: [] })] },
        request: { policiesToo: policies },
      }),
    )
    expect(decision.requests[0]?.terms?.asks).toEqual(sre)
  })

  test('precedents: the last under other policies, and the last change of what was asked for', () => {
    const one = human(['1 of group a'])
    const other = human(['1 of group b'])
    const none: Terms = { tier: 'none', asks: [], met: true }
    const alone: Terms = { tier: 'auto', asks: [], met: true }
    const at = (commit: string) => ({ p1: 10, p2: 20, p3: 30 })[commit]
    const of = (...records: readonly (readonly [string, Terms?])[]) =>
      precedentOf(
        records.map(([commit, terms]) => ({ commit, ...(terms === undefined ? {} : { terms }) })),
        'p3',
        at,
      )
    expect(of()).toStrictEqual({})
    expect(of(['p3', one])).toStrictEqual({})
    expect(of(['p1', one], ['p3', other])).toStrictEqual({ last: { terms: one }, since: 30 })
    expect(of(['p1', one], ['p2', one])).toStrictEqual({ last: { terms: one } })
    expect(of(['p1', one], ['p2', other], ['p3', other])).toStrictEqual({ last: { terms: other }, since: 20 })
    expect(of(['p1', one], ['p2', other], ['p1', one])).toStrictEqual({ last: { terms: one }, since: 20 })
    expect(of(['p1', one], ['p1', other], ['p2', other])).toStrictEqual({ last: { terms: other } })
    expect(of(['p1'], ['p2', one])).toStrictEqual({ last: { terms: one }, since: 20 })
    expect(of(['p1', one], ['p2'])).toStrictEqual({ last: {}, since: 20 })
    expect(of(['p1', none], ['p2', alone])).toStrictEqual({ last: { terms: alone }, since: 20 })
    expect(of(['p1', human(['a'])], ['p2', human(['a', 'b'])])).toMatchObject({ since: 20 })
    expect(of(['p1', human(['a', 'b'])], ['p2', human(['a', 'c'])])).toMatchObject({ since: 20 })
    expect(of(['p1', one], ['p2', other], ['p3', one])).toMatchObject({ since: 30 })
    expect(of(['p1', one], ['p3', other], ['p2', one])).toMatchObject({ since: 30 })
    expect(of(['p1', one], ['p2', other], ['p9', one])).toMatchObject({ since: 20 })
  })
})

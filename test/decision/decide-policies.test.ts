import { describe, expect, test } from 'vitest'
import { decidePolicies } from '../../app/decision/decide-policies.ts'
import { decisionMarkdown } from '../../app/decision/render-markdown.ts'
import { deciders, hour, now, open } from './fixture.ts'
import { base, landed, proposal } from './proposal.ts'
import { decided, proposalCases } from './told/proposal-cases.ts'

const long = { ...landed.pull, merged: { at: now - 2 * hour, commit: 'd', onBranch: true } }

describe('a change of policies', () => {
  test.each(proposalCases)('$name → $verdict $rule', (one) => {
    const { verdict, rule, summary } = one
    const decision = decided(one)
    expect({ verdict: decision.verdict, summary: decision.summary }).toMatchObject({ verdict })
    if (summary !== undefined) expect(decision.summary).toMatch(summary)
    if (rule !== undefined) expect(JSON.stringify(decision.tree)).toContain(`"rule":"${rule}"`)
    if (rule !== undefined && verdict === 'denied') expect(deciders(decision)).toContain(rule)
    expect(decision.requests).toEqual([])
    decisionMarkdown(decision)
  })

  test.each([
    ['before it is known to be merged', { from: { ...landed, pull: base.pull } }],
    ['as a forecast', { from: { ...landed, moment: 'forecast' as const }, pull: long }],
  ])('what is not known is no refusal %s, however late it is', (_, one) => {
    const trial = { missing: 'the trial did not end', lasting: false }
    const decision = decided({ ...one, proposal: { trial } })
    expect(decision.verdict).toBe('not_yet')
  })

  test('nothing that the pull request could say of requests makes it pass', () => {
    const decision = decidePolicies({ ...base, requests: open.requests, reviews: [] }, proposal)
    expect(decision.verdict).toBe('action_required')
  })
})

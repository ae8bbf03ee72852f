import { describe, expect, test } from 'vitest'
import { decidePolicies } from '../../app/decision/decide-policies.ts'
import { decisionMarkdown } from '../../app/decision/render-markdown.ts'
import { deciders, open } from './fixture.ts'
import { base, proposal } from './proposal.ts'
import { decided, proposalCases } from './told/proposal-cases.ts'

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

  test('nothing that the pull request could say of requests makes it pass', () => {
    const decision = decidePolicies({ ...base, requests: open.requests, reviews: [] }, proposal)
    expect(decision.verdict).toBe('action_required')
  })
})

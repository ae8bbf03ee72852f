import { expect, test } from 'vitest'
import { inTrouble, isEligible } from '../../app/policy/fold.ts'
import type { EligibilityResult } from '../../app/policy/result.ts'

const digests = { input: 'i', wasm: 'w', data: 'd' }
const said = (
  outcome: Partial<Extract<EligibilityResult['outcome'], { kind: 'value' }>>,
): EligibilityResult => ({
  policy: 'p',
  digests,
  outcome: {
    kind: 'value',
    allow: false,
    reason: '',
    deny: [],
    allowBreakGlass: false,
    allowOnBehalfOf: false,
    ...outcome,
  },
})
const failed = (kind: 'error' | 'trouble'): EligibilityResult => ({
  policy: 'p',
  digests,
  outcome: { kind, why: 'x' },
})

test.each([
  ['nobody asked', [], false],
  ['one allows', [said({ allow: true }), said({})], true],
  ['none allows', [said({}), said({})], false],
  ['one denies', [said({ allow: true }), said({ deny: ['no'] })], false],
  ['one denies what it allows', [said({ allow: true, deny: ['no'] })], false],
  ['one fails', [said({ allow: true }), failed('error')], false],
  ['one is in trouble', [said({ allow: true }), failed('trouble')], false],
])('%s', (_, results, eligible) => {
  expect(isEligible(results)).toBe(eligible)
})

test('trouble is told from error', () => {
  expect(inTrouble([said({}), failed('trouble')])).toBe(true)
  expect(inTrouble([said({}), failed('error')])).toBe(false)
})

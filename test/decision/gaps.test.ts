import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decide } from '../../app/decision/decide.ts'
import type { Facts } from '../../app/decision/facts.ts'
import { facts } from './arbitrary/facts.ts'
import { type Change, eachRequest, passes, without } from './influences.ts'

/** Each leaves out, or contradicts, something that a passing decision stands on. */
const holes: readonly (readonly [string, Change])[] = [
  ['no policies', (value) => ({ ...value, policy: { missing: 'nothing accepted' } })],
  ['no answers of policies', (value) => eachRequest(value, (one) => without(one, 'policies'))],
  ['no requester', (value) => eachRequest(value, (one) => without(one, 'requester'))],
  [
    'a requester nobody knows',
    (value) => eachRequest(value, (one) => ({ ...one, requester: { unknown: 'x', remedy: 'y' } })),
  ],
  ['no role', (value) => eachRequest(value, (one) => without(one, 'role'))],
  [
    'a role nobody knows',
    (value) => eachRequest(value, (one) => ({ ...one, role: { unknown: 'x', remedy: 'y' } })),
  ],
  [
    'another role than was asked for',
    (value) =>
      eachRequest(value, (one) =>
        one.role !== undefined && 'role' in one.role ? { ...one, role: { ...one.role, role: 'x' } } : one,
      ),
  ],
  ['no change where there is a request', (value) => ({ ...value, changes: [] })],
  ['a request told of twice', (value) => ({ ...value, requests: [...value.requests, ...value.requests] })],
  [
    'a file that is both new and gone',
    (value) => ({
      ...value,
      changes: [...value.changes, ...value.changes.map((one) => ({ ...one, kind: 'deleted' as const }))],
    }),
  ],
  ['trouble', (value) => ({ ...value, troubles: ['GitHub is away'] })],
  [
    'a file that cannot be read',
    (value) => eachRequest(value, (one) => ({ ...one, read: { ok: false, faults: [] } })),
  ],
]
const merged: readonly (readonly [string, Change])[] = [
  ['no merge', (value) => ({ ...value, pull: without(value.pull, 'merged') })],
  [
    'a merge commit that could not be read',
    (value) => eachRequest(value, (one) => without(one, 'mergedBlob')),
  ],
  ['a branch that could not be read', (value) => eachRequest(value, (one) => without(one, 'branchBlob'))],
  ['a merge of other bytes', (value) => eachRequest(value, (one) => ({ ...one, mergedBlob: 'other' }))],
  ['a file gone from the branch', (value) => eachRequest(value, (one) => ({ ...one, branchBlob: null }))],
]

/** Which files come together matters until they are granted; at its own start each lives alone. */
const together: readonly (readonly [string, Change])[] = [
  [
    'a file of which nothing is told',
    (value) => ({
      ...value,
      changes: [...value.changes, { path: 'requests/2026/12/z.yaml', kind: 'added', mode: '100644' }],
    }),
  ],
]

/** From facts that pass, to none that do. */
const neverPasses = (start: fc.Arbitrary<Facts>) => (_: string, change: Change) =>
  fc.assert(
    fc.property(start, (value) => {
      expect(decide(change(value)).verdict).not.toBe('passed')
    }),
    { numRuns: 40 },
  )

describe('what is missing, or contradicts itself, never passes', () => {
  const passing = facts.filter((value) => value.requests.length > 0 && passes(value))
  test.each(holes)('%s', neverPasses(passing))
  test.each(together)('%s', neverPasses(passing.filter(({ moment }) => moment !== 'start')))
  test.each(merged)('%s', neverPasses(passing.filter(({ moment }) => moment !== 'forecast')))
  test('a merge before there is one to be told of is no forecast', () => {
    const open = passing.filter(({ moment }) => moment === 'forecast')
    fc.assert(
      fc.property(open, (value) => {
        // After its reviews: what comes later than a merge approves nothing.
        const at = Math.max(value.now, ...value.reviews.map(({ submittedAt }) => submittedAt))
        const pull = { ...value.pull, merged: { at, commit: 'm', onBranch: true } }
        expect(decide({ ...value, pull }).verdict).toBe('not_yet')
      }),
      { numRuns: 40 },
    )
  })
})

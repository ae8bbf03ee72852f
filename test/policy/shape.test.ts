import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readDocument } from '../../app/policy/shape.ts'

const why = (document: unknown, aspect: 'eligibility' | 'approval' | 'reviewer' = 'approval') => {
  const outcome = readDocument(document, aspect, true)
  return outcome.kind === 'error' ? outcome.why : outcome
}

test('what a policy does not say has its default', () => {
  expect(readDocument(undefined, 'eligibility', true)).toEqual({
    kind: 'value',
    allow: false,
    reason: '',
    deny: [],
    allowBreakGlass: false,
    allowOnBehalfOf: false,
  })
  expect(readDocument({ helper: 1 }, 'approval', true)).toEqual({
    kind: 'value',
    applies: true,
    tier: 'human',
    deny: [],
  })
  expect(readDocument({}, 'reviewer', true)).toEqual({ kind: 'value', allow: false })
})

test('requirements are read with count 1 unless they say more', () => {
  expect(
    readDocument(
      { required: [{ group: 'sre' }, { users: ['bob'], count: 2, reason: 'r' }], approver_group: 'g' },
      'approval',
      false,
    ),
  ).toEqual({
    kind: 'value',
    applies: true,
    tier: 'human',
    required: [
      { group: 'sre', count: 1, reason: '' },
      { users: ['bob'], count: 2, reason: 'r' },
    ],
    approverGroup: 'g',
    deny: [],
  })
})

test('a policy that wants a person and names nobody is an error, unless it does not apply', () => {
  const nobody = 'it wants a person but has none of `required`, `approver_group` and `allow`'
  expect(readDocument({}, 'approval', false)).toEqual({ kind: 'error', why: nobody })
  expect(readDocument({ applies: false }, 'approval', false).kind).toBe('value')
  expect(readDocument({ approver_tier: 'auto' }, 'approval', false).kind).toBe('value')
})

test.each([
  [{ allow: 'yes' }, 'eligibility', '`allow` is a string; it must be true or false'],
  [{ allow: null }, 'eligibility', '`allow` is null; it must be true or false'],
  [{ allow: 1 }, 'reviewer', '`allow` is a number; it must be true or false'],
  [{ reason: 3 }, 'eligibility', '`reason` is a number; it must be a string'],
  [{ deny: true }, 'eligibility', '`deny` is a boolean; it must be a set or a list'],
  [{ deny: null }, 'eligibility', '`deny` is null; it must be a set or a list'],
  [{ deny: [{}] }, 'eligibility', 'an entry of `deny` is an object; it must be a string'],
  [{ deny: Array(101).fill('x') }, 'approval', '`deny` has more than 100 entries'],
  [{ reason: 'x'.repeat(1001) }, 'eligibility', '`reason` is longer than 1000 characters'],
  [{ applies: null }, 'approval', '`applies` is null; it must be true or false'],
  [{ approver_tier: ['auto'] }, 'approval', '`approver_tier` is a list; it must be a string'],
  [{ approver_group: 'two words' }, 'approval', '`approver_group` is no name'],
  [{ required: {} }, 'approval', '`required` is an object; it must be a set or a list'],
  [{ required: ['sre'] }, 'approval', '`required` entry 1 is a string; it must be an object'],
  [{ required: [{ count: 1 }] }, 'approval', '`required` entry 1 must have one of group and users'],
  [
    { required: [{ group: 'a', users: ['b'] }] },
    'approval',
    '`required` entry 1 must have one of group and users',
  ],
  [
    { required: [{ group: 'a', coutn: 2 }] },
    'approval',
    '`required` entry 1 has a field "coutn" that nobody reads',
  ],
  [
    { required: [{ group: 'a', count: 1.5 }] },
    'approval',
    '`required` entry 1 has a count that is no whole number',
  ],
  [
    { required: [{ group: 'a', count: '2' }] },
    'approval',
    '`required` entry 1 has a count that is no whole number',
  ],
  [[], 'approval', 'the package is a list; it must be an object'],
] as const)('%j of %s is refused', (document, aspect, message) => {
  expect(why(document, aspect)).toBe(message)
})

test('any document at all is a value or an error', () => {
  const rule = fc.constantFrom(
    'allow',
    'reason',
    'deny',
    'applies',
    'approver_tier',
    'required',
    'approver_group',
    '__proto__',
  )
  const document = fc.oneof(fc.jsonValue(), fc.dictionary(rule, fc.jsonValue()))
  fc.assert(
    fc.property(
      document,
      fc.constantFrom('eligibility', 'approval', 'reviewer'),
      fc.boolean(),
      (value, aspect, hasAllow) => {
        expect(['value', 'error']).toContain(readDocument(value, aspect, hasAllow).kind)
      },
    ),
  )
})

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { digestOf } from '../../app/audit/digest.ts'
import { decide } from '../../app/decision/decide.ts'
import { groundsOf, readGrounds } from '../../app/decision/grounds.ts'
import { facts } from './arbitrary/facts.ts'
import { landed, proposal } from './proposal.ts'

/** Facts of real pull requests hold no number or text that JSON cannot write. */
const written = facts.filter((one) => {
  const text = JSON.stringify(one, (_, value) =>
    typeof value === 'number' && !Number.isFinite(value) ? 'no number' : value,
  )
  return !text.includes('no number') && !/\\ud[89a-f]/i.test(text)
})

test('what was decided is decided again from its grounds as they are stored', () => {
  fc.assert(
    fc.property(written, (value) => {
      const grounds = readGrounds(groundsOf({ facts: value }).bytes)
      expect(grounds && digestOf(decide(grounds.facts))).toBe(digestOf(decide(value)))
    }),
    { numRuns: 300 },
  )
})

test('grounds of the same facts have one digest, and other evidence is none', () => {
  fc.assert(
    fc.property(written, (value) => {
      expect(groundsOf({ facts: JSON.parse(JSON.stringify(value)) })).toEqual(groundsOf({ facts: value }))
    }),
    { numRuns: 50 },
  )
  expect(readGrounds(Buffer.from('{"context":{"now":1}}'))).toBeUndefined()
  expect(readGrounds(Buffer.from('{"facts":{},"v":2}'))).toBeUndefined()
  expect(readGrounds(Buffer.from('{"v":1}'))).toBeUndefined()
})

test('grounds hold the proposal', () => {
  const grounds = { facts: landed, proposal }
  expect(readGrounds(groundsOf(grounds).bytes)).toStrictEqual(JSON.parse(JSON.stringify(grounds)))
  expect(readGrounds(groundsOf({ facts: landed }).bytes)).not.toHaveProperty('proposal')
})

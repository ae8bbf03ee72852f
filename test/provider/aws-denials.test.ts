import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Denial, readDenials, tidy, withDenial, writeDenials } from '../../app/provider/aws/denials.ts'

const now = 1_800_000_000_000
const denial = fc.record({
  userid: fc.stringMatching(/^AROA[A-Z0-9]{17}:gitsudo-req-[0-9a-z]{26}$/),
  since: fc.integer({ min: 0, max: now / 1000 }).map((at) => at * 1000),
  until: fc.integer({ min: 0, max: (2 * now) / 1000 }).map((at) => at * 1000),
})
const denials = fc.uniqueArray(denial, { selector: ({ userid }) => userid, maxLength: 30 })
const sorted = (all: readonly Denial[]) => [...all].sort((a, b) => (a.userid < b.userid ? -1 : 1))

test('what is written is read back', () => {
  fc.assert(
    fc.property(denials, (all) => {
      expect(sorted(readDenials(writeDenials(all)))).toEqual(sorted(all))
    }),
  )
})

test('one more never leaves before its time, nor counts before it is there', () => {
  fc.assert(
    fc.property(denials, denial, (all, one) => {
      const after = withDenial(all, one.userid, { now, since: now + 10_000, until: one.until })
      const there = after.find(({ userid }) => userid === one.userid)
      if (all.some(({ userid }) => userid === one.userid)) return expect(after).toBe(all)
      expect(there?.until).toBeGreaterThanOrEqual(one.until)
      expect(there?.since).toBeGreaterThanOrEqual(now + 10_000)
      const living = all.filter(({ until }) => until > now).map(({ userid }) => userid)
      expect(after.map(({ userid }) => userid)).toEqual([...living, one.userid])
    }),
  )
})

test('tidying forgets no one who lives, and what is in force stays so', () => {
  fc.assert(
    fc.property(denials, (all) => {
      const left = tidy(all, now)
      expect(left.map(({ userid }) => userid)).toEqual(
        all.filter(({ until }) => until > now).map(({ userid }) => userid),
      )
      const before = new Map(all.map(({ userid, since }) => [userid, since]))
      // By a clock that is five minutes ahead of whoever wrote it, or behind.
      for (const { userid, since } of left)
        expect(since).toBe(now - (before.get(userid) ?? now) < 10 * 60_000 ? before.get(userid) : 0)
    }),
  )
})

test('a hundred of them have room beside each other, whenever they came', () => {
  const crowd = Array.from({ length: 100 }, (_, number) => ({
    userid: `AROA${'X'.repeat(17)}:gitsudo-req-${String(number).padStart(26, '0')}`,
    since: number < 80 ? 0 : now - number * 15_000,
    until: now + (1 + (number % 12)) * 3_600_000,
  }))
  expect(writeDenials(crowd)?.length).toBeLessThan(10_240)
})

test.each([
  undefined,
  '',
  'no JSON',
  '{"Statement":{}}',
  '{"Statement":[{"Sid":"Theirs","Effect":"Deny","Action":"*","Resource":"*"}]}',
  '{"Statement":[{"Sid":"S0U1","Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:userid":["a"]}}}]}',
  '{"Statement":[null]}',
  '{"Statement":[{"Sid":"S0U1","Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:userid":["a"],"aws:RequestedRegion":["mars-1"]}}}]}',
  '{"Statement":[{"Sid":"S0U1","Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:userid":["a"]},"Bool":{"aws:SecureTransport":"false"}}}]}',
])('what is not ours refuses nobody: %s', (text) => {
  expect(readDenials(text)).toEqual([])
})

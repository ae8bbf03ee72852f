import fc from 'fast-check'
import { expect, test } from 'vitest'
import { misfitOf } from '../../app/audit/fits.ts'
import { createForeignSearch, foreignEvent, foreignOf } from '../../app/audit/foreign.ts'
import { ofEvent } from '../../app/audit/report/anomalies.ts'
import { createReport } from '../../app/audit/report/collect.ts'
import { exampleEvents } from '../support/event-examples.ts'
import { testKeys } from '../support/keys.ts'
import { ledgerLines } from '../support/ledger-lines.ts'
import { access } from './report/access.ts'

const at = '2026-12-01T08:00:00.000Z'
const signed = (first: number, last: number) =>
  testKeys.sign(foreignEvent({ first, last }, { before: '1', after: '2' }, at))

test('what is written of foreign rows is read back, fits its schema, and counts under a signature only', () => {
  const seq = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })
  fc.assert(
    fc.property(seq, seq, (one, other) => {
      const [first, last] = [Math.min(one, other), Math.max(one, other)]
      expect(foreignOf(signed(first, last))).toEqual({ first, last })
      expect(misfitOf(signed(first, last))).toBeUndefined()
      expect(foreignOf(foreignEvent({ first, last }, { before: '1', after: '2' }, at))).toBeUndefined()
    }),
  )
})

test('changes of other rows say nothing of the ledger', () => {
  const [, ...others] = exampleEvents('database.changed').map(foreignOf).toReversed()
  expect(others).toEqual([undefined, undefined])
})

test('a report names the rows', () => {
  expect(ofEvent(64, signed(61, 63), 0)).toMatchObject({
    kind: 'database changed',
    seq: 64,
    detail: 'events 61 to 63: not sealed by gitsudo',
  })
})

test('a row that is not of ours ends no grant in a report, and says of no other that it is not', () => {
  const since = Date.parse(at)
  const { granted, expired } = access({ pull: 7, at: since })
  const [end] = expired().slice(-1)
  const lines = ledgerLines('acme', [...granted, ...(end ? [end] : []), signed(1, 6), signed(6, 7)])
  const search = createForeignSearch()
  for (const line of lines) search.push(line)
  expect(search.end()).toMatchObject([{ first: 6, last: 7, seq: 8 }])
  const report = createReport({ since, until: since + 86_400_000 }, search.end())
  for (const line of lines) report.push(line)
  expect(report.end()).toMatchObject({
    grants: [{ outcome: 'active' }],
    debt: [{ outcome: 'active' }],
    anomalies: [{ kind: 'database changed', seq: 8 }, { kind: 'outlived its end' }],
  })
})

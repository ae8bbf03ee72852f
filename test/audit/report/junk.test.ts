// Whoever may add a row may link one that no schema would let through: it may say anything, and ends no report.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { eventTypes, type Json } from '../../../app/audit/event.ts'
import { createForeignSearch } from '../../../app/audit/foreign.ts'
import { createReport } from '../../../app/audit/report/collect.ts'
import { reportCsv } from '../../../app/audit/report/render-csv.ts'
import { reportHtml } from '../../../app/audit/report/render-html.ts'
import { reportMarkdown } from '../../../app/audit/report/render-markdown.ts'
import { exampleEvents } from '../../support/event-examples.ts'
import { ledgerLines } from '../../support/ledger-lines.ts'
import { access, event, user } from './access.ts'

const since = Date.UTC(2026, 11, 1)
const period = { since, until: Date.UTC(2027, 0, 1) }

const report = (events: Parameters<typeof ledgerLines>[1]) => {
  const lines = ledgerLines('acme', events)
  const search = createForeignSearch()
  for (const line of lines) search.push(line)
  const made = createReport(period, search.end())
  for (const line of lines) made.push(line)
  return made.end()
}

const noText: Json = { toString: 1, valueOf: 1 }

test('a row that names rows in no words names none', () => {
  const junk = event('database.changed', since, user('mallory'), {
    ...{ sig: 1, table: 'audit_events', row: noText, operation: [[noText]], before: noText, after: null },
  })
  expect(report([...access({ pull: 7, at: since }).granted, junk])).toMatchObject({
    grants: [{ who: 'alice' }],
    anomalies: [
      {
        kind: 'database changed',
        detail:
          '[[{"toString":1,"valueOf":1}]] of audit_events {"toString":1,"valueOf":1}: {"toString":1,"valueOf":1} → nothing',
      },
      { kind: 'outlived its end' },
    ],
  })
})

test('whatever an event says in place of what its schema wants, the report is written', () => {
  const value = fc.constantFrom<Json>(
    noText,
    [noText],
    [[]],
    null,
    -1,
    1e300,
    true,
    '',
    '9999-12-31T23:59:60Z',
  )
  const said = fc.constantFrom(...eventTypes).chain((type) => {
    const names = exampleEvents(type).flatMap(({ data }) => Object.keys(data))
    return fc.tuple(fc.constant(type), fc.dictionary(fc.constantFrom(...names), value))
  })
  fc.assert(
    fc.property(fc.array(said), (all) => {
      const { granted, event: of } = access({ pull: 7, at: since })
      const made = report([...granted, ...all.map(([type, junk]) => of(type, since, user('mallory'), junk))])
      for (const render of [reportCsv, reportHtml, reportMarkdown])
        expect([...render(made)].length).toBeGreaterThan(0)
      expect(made.ledger.events).toBe(granted.length + all.length)
    }),
  )
})

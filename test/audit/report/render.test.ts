import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createReport } from '../../../app/audit/report/collect.ts'
import { reportCsv } from '../../../app/audit/report/render-csv.ts'
import { reportHtml } from '../../../app/audit/report/render-html.ts'
import { reportMarkdown } from '../../../app/audit/report/render-markdown.ts'
import type { Report } from '../../../app/audit/report/report.ts'
import { gitsudo } from '../../../app/grant/events.ts'
import { ledgerLines } from '../../support/ledger-lines.ts'
import { access, event, user } from './access.ts'

const since = Date.UTC(2026, 11, 1)
const until = Date.UTC(2027, 0, 1)
const hour = 3_600_000

/** A report in which every kind of record holds this text wherever people can put text. */
function withText(text: string): Report {
  const open = access({
    pull: 1,
    at: since,
    who: text,
    role: text,
    scope: text,
    reason: text,
    approvedBy: [text],
  })
  const gone = access({
    pull: 2,
    at: since + hour,
    who: text,
    role: text,
    scope: text,
    reason: text,
    approvedBy: [text],
  })
  const denied = access({ pull: 3, at: since, who: text, reason: text })
  const actor = { ...user('alice'), login: text }
  const events = [
    ...open.granted,
    ...gone.expired(hour),
    ...denied.asked,
    denied.event('request.denied', since, actor, { why: text }),
    ...access({ pull: 4, at: since, who: text }).forced(text),
    open.event('breakglass.invoked', since, actor, { reason: text }),
    open.event('breakglass.reviewed', since, actor, { verdict: text }),
    event(
      'database.changed',
      since,
      { kind: 'database', id: text },
      { table: text, operation: text, row: text, before: text, after: text },
    ),
    event('notification.failed', since, gitsudo, { channel: text, why: text }),
    event(
      'policy.refused',
      since,
      actor,
      { why: text, approved_by: [{ id: 1, login: text }] },
      { commit: text },
    ),
    event('policy.overridden', since, actor, {
      policy: text,
      phase: text,
      until: text,
      by: [{ id: 1, login: text }],
    }),
  ]
  const report = createReport({ since, until }, [])
  for (const line of ledgerLines('acme', events)) report.push(line)
  return report.end()
}
const all = (pieces: Iterable<string>) => [...pieces].join('')
/** What attackers write, and anything else. */
const nasty = fc.oneof(
  fc.constantFrom(
    '=1+1',
    '+1',
    '-1',
    '@SUM(A1)',
    '\t=1',
    '\r=1',
    ' =1',
    '"=1',
    '＝1',
    '|cmd',
    '%0A',
    "'=1",
    '\u200B=1',
  ),
  fc.constantFrom(
    '<script>x</script>',
    '"><img src=x onerror=x>',
    "' onload='x",
    '</title><b>',
    '</style>',
    '&lt;b&gt;',
  ),
  fc.constantFrom(
    '| a | b |',
    '[x](javascript:x)',
    '@everyone',
    '#1',
    '`code`',
    '\n# head',
    '\u202Etxt',
    '<!-- -->',
  ),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
)
const withoutLoneSurrogates = nasty.filter((text) => text.isWellFormed())

describe('whatever people write', () => {
  test('makes no element, attribute or script in HTML', () => {
    const tags = (page: string) =>
      page.match(/<[^>]*>/g)?.map((tag) => tag.replace(/(points|d|x|y|width|height)="[^"]*"/g, ''))
    const plain = tags(all(reportHtml(withText('plain'))))
    fc.assert(
      fc.property(withoutLoneSurrogates, (text) => {
        const page = all(reportHtml(withText(text)))
        expect(tags(page)).toEqual(plain)
        expect(page).not.toMatch(/\p{Cc}(?<!\n)|[\u202A-\u202E\u2066-\u2069]/u)
      }),
      { numRuns: 300 },
    )
  })

  test('stays in its cell of a Markdown table', () => {
    const shape = (page: string) =>
      page
        .split('\n')
        .map((line) => (line.startsWith('|') ? line.replace(/\\./g, '').split('|').length : line === ''))
    const plain = shape(all(reportMarkdown(withText('plain'))))
    fc.assert(
      fc.property(withoutLoneSurrogates, (text) => {
        const page = all(reportMarkdown(withText(text)))
        expect(shape(page)).toEqual(plain)
        expect(page.replaceAll('<br>', '').replace(/(`+)[^\n]*?[^`]\1(?!`)/g, '')).not.toMatch(/(?<!\\)</)
      }),
      { numRuns: 300 },
    )
  })

  test('is no formula in CSV, and stays in its field', () => {
    const fields = (page: string) => {
      const found = page
        .split('\r\n')
        .map((line) =>
          [...line.matchAll(/"((?:[^"]|"")*)"(?:,|$)/g)].map(([, field = '']) => field.replaceAll('""', '"')),
        )
      expect(
        found.map((row) => row.map((field) => `"${field.replaceAll('"', '""')}"`).join(',')).join('\r\n'),
      ).toBe(page)
      return found
    }
    const plain = fields(all(reportCsv(withText('plain')))).map((row) => row.length)
    fc.assert(
      fc.property(withoutLoneSurrogates, (text) => {
        const found = fields(all(reportCsv(withText(text))))
        expect(found.map((row) => row.length)).toEqual(plain)
        for (const field of found.flat()) expect(field).not.toMatch(/^[\s"]*[=+\-@＝＋－＠\t\r]/)
      }),
      { numRuns: 300 },
    )
  })
})

test('the HTML needs nothing else and runs nothing', () => {
  const page = all(reportHtml(withText('plain')))
  expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`)
  expect(page).not.toMatch(/<script|<link|<img|<iframe|url\(|@import|https?:|\son\w+=/)
})

test('every format says what was approved, under which policy, and what is worth a look', () => {
  const report = withText('plain')
  for (const page of [all(reportHtml(report)), all(reportMarkdown(report)), all(reportCsv(report))]) {
    for (const said of [
      'aws',
      'bbbbbbbbbb',
      'outlived its end',
      'forced merge',
      'database changed',
      'expired',
      `its head is ${report.ledger.head}`,
    ])
      expect(page).toContain(said)
  }
})

test('CSV says when debt ended, and of break-glass when its review was due and came', () => {
  const one = access({ pull: 7, at: since, minutes: 120 })
  const revoked = one.revoked('dave', since + hour).slice(0, -1)
  const report = createReport({ since, until }, [])
  const invoked = one.event('breakglass.invoked', since, user('alice'), {
    reason: 'fire',
    review_by: '2026-12-02T00:00:00.000Z',
  })
  const reviewed = one.event('breakglass.reviewed', since + 25 * hour, user('bob'), {
    verdict: 'justified',
    overdue: true,
  })
  for (const line of ledgerLines('acme', [...revoked, invoked, reviewed])) report.push(line)
  const rows = all(reportCsv(report.end())).split('\r\n')
  const row = (record: string) => rows.find((one) => one.startsWith(`"${record}"`)) ?? ''
  expect(row('revocation debt')).toMatch(/^"revocation debt","2026-12-01T01:00:00.000Z","alice",/)
  expect(row('break-glass')).toContain(',"2026-12-02T00:00:00.000Z","justified","fire",')
  expect(row('break-glass')).toMatch(/,"by bob at 2026-12-02T01:00:00.000Z, overdue"$/)
})

test('a report of a broken ledger says so first', () => {
  const report = { ...withText('plain'), ledger: { events: 6, head: 'ab', brokenAt: 7 } }
  const page = all(reportHtml(report))
  expect(page.indexOf('broken at event 7')).toBeLessThan(page.indexOf('<table'))
  expect(all(reportMarkdown(report)).indexOf('broken at event 7')).toBeLessThan(400)
  expect(all(reportCsv(report)).split('\r\n')[1]).toMatch(/^"ledger".*,"broken at event 7",/)
})

test('nothing at all is a report too', () => {
  const report = createReport({ since, until }, [])
  for (const line of ledgerLines('acme', [])) report.push(line)
  const nothing = report.end()
  expect(all(reportHtml(nothing))).toContain('Nobody had any.')
  expect(all(reportMarkdown(nothing))).toContain('Nobody had any.')
  expect(all(reportCsv(nothing)).split('\r\n')).toHaveLength(3)
})

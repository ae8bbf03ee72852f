import { expect, test } from 'vitest'
import { chart } from '../../../app/audit/report/chart.ts'
import { createReport } from '../../../app/audit/report/collect.ts'
import { reportHtml } from '../../../app/audit/report/render-html.ts'
import { ledgerLines } from '../../support/ledger-lines.ts'
import { access } from './access.ts'

const hour = 3_600_000
const since = Date.UTC(2026, 11, 1)
/** The plot is 870 wide from x 130: 87 an hour. */
const until = since + 10 * hour

/** A grant that is given so many hours into the period. */
const from = (pull: number, who: string, at: number, hours: number) =>
  access({ pull, who, at: since + at * hour - 602_000, minutes: hours * 60 })
/** It is gone at its end, to the millisecond. */
const during = (...grant: Parameters<typeof from>) => from(...grant).expired(2_000)
const reportOf = (...grants: ReturnType<typeof during>[]) => {
  const report = createReport({ since, until }, [])
  const events = grants.flat().toSorted((a, b) => a.at.localeCompare(b.at))
  for (const line of ledgerLines('acme', events)) report.push(line)
  return report.end()
}
const page = (...grants: ReturnType<typeof during>[]) => [...reportHtml(reportOf(...grants))].join('')
const bars = (text: string) =>
  [...text.matchAll(/<rect class="(\w+)" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"/g)].map(
    ([, colour, ...numbers]) => [colour, ...numbers.map(Number)],
  )
const curve = (text: string) => text.match(/class="area" d="([^"]*)"/)?.[1]

test('each grant is a bar from when it was given until it was gone, and the curve says how many there were', () => {
  const text = page(during(1, 'alice', 1, 2), during(2, 'bob', 2, 2))
  expect(bars(text)).toEqual([
    ['aws', 217, 135, 174],
    ['aws', 304, 155, 174],
  ])
  expect(curve(text)).toBe('M130 106H217V61H304V16H391V61H478V106H1000V106Z')
  expect(text).toContain('<text x="122" y="146" text-anchor="end">alice</text>')
  expect(text).toContain(
    'alice: aws prod-admin 123456789012, 2026-12-01 01:00 to 2026-12-01 03:00, expired</title>',
  )
})

test('what was given before the period begins with it, and what is not gone goes on to its end', () => {
  const text = page(during(1, 'alice', -1, 3), from(2, 'alice', 8, 9).granted)
  expect(bars(text)).toEqual([
    ['aws', 130, 135, 174],
    ['aws', 826, 135, 174],
  ])
  expect(curve(text)).toBe('M130 106H130V16H304V106H826V16H1000V106Z')
  expect(text).toContain('2026-12-01 08:00 to now, active</title>')
})

test('a chart has forty people, those with most, and says how many more there are', () => {
  const one = Array.from({ length: 42 }, (_, n) => during(n, `p${n}`, 1, 1))
  const text = page(...one, during(100, 'p41', 3, 1))
  expect(text).toContain('of the 40 with most; 2 more are in the table')
  expect(bars(text)).toHaveLength(41)
  expect(new Set(bars(text).map(([, , y]) => y))).toHaveLength(40)
  expect(text).toContain('<text x="122" y="146" text-anchor="end">p41</text>')
  expect(text).toContain(`viewBox="0 0 1000 ${132 + 40 * 20 + 4}"`)
  expect(page(...one.slice(0, 40))).not.toContain('with most')
})

test('a chart has five thousand bars, and says how many grants it leaves out; everybody keeps his line', () => {
  const [one] = reportOf(during(1, 'alice', 1, 1)).grants
  if (one === undefined) throw new Error('no grant')
  const of = (who: string, count: number) => Array.from({ length: count }, () => ({ ...one, who }))
  const drawn = (...grants: (typeof one)[]) => chart({ ...reportOf(), grants })
  const text = drawn(...of('alice', 4_990), ...of('bob', 20), ...of('carol', 3))
  expect(bars(text)).toHaveLength(5_000)
  expect(text).toContain('Not drawn: 13 more of their grants, which are in the table.')
  expect(text).toContain('>carol</text>')
  expect(drawn(...of('alice', 4_990), ...of('bob', 10))).not.toContain('Not drawn')
})

test('without grants there is none', () => {
  expect(page()).not.toContain('<svg')
})

test('on paper it is black on white, bars keep their colours, and tables their heads', () => {
  const print = page().match(/@media print \{([\s\S]*)\}\s*<\/style>/)?.[1]
  for (const rule of [
    '--page: #fff',
    'color-scheme: light',
    'tr, figure { break-inside: avoid; }',
    'thead { display: table-header-group; }',
    'svg, .key { print-color-adjust: exact; }',
    '@page { size: A4 landscape; margin: 14mm; }',
  ])
    expect(print).toContain(rule)
})

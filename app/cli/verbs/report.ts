import { reportCsv } from '../../audit/report/render-csv.ts'
import { reportHtml } from '../../audit/report/render-html.ts'
import { reportMarkdown } from '../../audit/report/render-markdown.ts'
import type { Write } from '../deps.ts'
import { Failure } from '../failure.ts'
import { instant } from '../since.ts'
import { said } from '../terminal/said.ts'
import { need, text, type Verb } from '../verb.ts'
import { database, fromExport, withLedger } from './ledger.ts'

const renderers = { md: reportMarkdown, html: reportHtml, csv: reportCsv }

export const auditReport: Verb = {
  name: 'audit report',
  summary: 'Write who had what access, when, why, approved by whom, and what is worth a look',
  options: [
    { flags: '--since <when>', summary: 'from then on: 24h, 7d, or a time of RFC 3339', required: true },
    { flags: '--until <when>', summary: 'up to then (now)' },
    { flags: '--format <format>', summary: 'md, html or csv', required: true },
    fromExport,
    database,
    { flags: '--output <file>', summary: 'a file that is not there yet (standard output)' },
  ],
  remote: false,
  json: false,

  async run(deps, args) {
    const now = deps.clock.now()
    const since = Date.parse(instant(need(args, 'since'), now))
    const until = Date.parse(instant(text(args, 'until') ?? new Date(now).toISOString(), now))
    if (since >= until)
      throw new Failure(
        'usage',
        '--until is not after --since.',
        'name a period that has a beginning and an end',
      )
    const format = need(args, 'format')
    if (format !== 'md' && format !== 'html' && format !== 'csv')
      throw new Failure('usage', `There is no format ${JSON.stringify(format)}.`, 'write md, html or csv')
    const report = await withLedger(deps, args, (ledger) => ledger.report({ since, until }))
    const file = text(args, 'output') ?? '-'
    await deps.writeFile(file, (write) => writeAll(renderers[format](report), write))
    const { brokenAt } = report.ledger
    if (brokenAt !== undefined)
      throw new Failure(
        'refused',
        `The chain is broken at event ${brokenAt}; the report says so.`,
        'run gitsudo audit verify',
      )
    if (file !== '-') deps.out.write(said`${report.grants.length} grants reported in ${file}\n`)
    return 0
  },
}

/** Pieces may be small. */
async function writeAll(pieces: Iterable<string>, write: Write): Promise<void> {
  let block = ''
  for (const piece of pieces) {
    block += piece
    if (block.length < 65_536) continue
    await write(block)
    block = ''
  }
  await write(block)
}

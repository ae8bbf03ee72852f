import { code, safe } from '../../decision/markdown.ts'
import type { Report } from './report.ts'
import { type Cell, figures, foundation, sectionsOf, short } from './sections.ts'

/** The report as GitHub Markdown, piece by piece; anybody's words in it are inert. */
export function* reportMarkdown(report: Report): Iterable<string> {
  yield `# Access report: ${safe(report.origin)}\n\n`
  yield `${short(report.since)} to ${short(report.until)} (UTC)\n\n`
  if (report.ledger.brokenAt !== undefined) yield `**${safe(foundation(report)[0] ?? '')}**\n\n`
  yield `${figures(report)
    .map(([label, count]) => `**${count}** ${label}`)
    .join(' · ')}\n\n`
  for (const { title, intro, columns, rows, none } of sectionsOf(report)) {
    yield `## ${title}\n\n${intro}\n\n`
    if (rows.length === 0) {
      yield `${none}\n\n`
      continue
    }
    yield `${line(columns)}${line(columns.map(() => '---'))}`
    for (const row of rows) yield line(row.map(shown))
    yield '\n'
  }
  yield `## What this rests on\n\n${foundation(report).map(safe).join('\n\n')}\n`
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`

const shown = ({ text, code: isCode, sub }: Cell): string => {
  const main = inert(text, isCode ? code : safe)
  return sub === undefined ? main : `${main}<br>${inert(sub, safe)}`
}

/** A bar ends a table's cell even inside code, where nothing can be said for it. */
const inert = (text: string, write: (part: string) => string): string =>
  text.split('|').map(write).join('&#124;')

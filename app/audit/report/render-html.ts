import { chart } from './chart.ts'
import { html } from './html.ts'
import type { Report } from './report.ts'
import { type Cell, figures, foundation, type Section, sectionsOf, short } from './sections.ts'
import { style } from './style.ts'

/** The report as one HTML file that needs nothing else and runs nothing, piece by piece. */
export function* reportHtml(report: Report): Iterable<string> {
  const title = `Access report: ${html(report.origin)}`
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<header><h1>${title}</h1><p>${short(report.since)} to ${short(report.until)} (UTC)</p></header>
`
  if (report.ledger.brokenAt !== undefined)
    yield `<p class="fault">${html(foundation(report)[0] ?? '')}</p>\n`
  yield `<ul class="figures">${figures(report)
    .map(([label, count]) => `<li><b>${count}</b> ${label}</li>`)
    .join('')}</ul>\n`
  yield chart(report)
  for (const section of sectionsOf(report)) yield* sectionHtml(section)
  yield `<h2>What this rests on</h2>\n${foundation(report)
    .map((sentence) => `<p>${html(sentence)}</p>\n`)
    .join('')}</body>\n</html>\n`
}

function* sectionHtml({ title, intro, columns, rows, none }: Section): Iterable<string> {
  yield `<h2>${title}</h2>\n`
  if (rows.length === 0) {
    yield `<p class="none">${none}</p>\n`
    return
  }
  yield `<p>${html(intro)}</p>\n<table>\n<thead><tr>${columns.map((name) => `<th scope="col">${name}</th>`).join('')}</tr></thead>\n<tbody>\n`
  for (const row of rows) yield `<tr>${row.map(cellHtml).join('')}</tr>\n`
  yield '</tbody>\n</table>\n'
}

const cellHtml = ({ text, code, sub }: Cell): string => {
  const main = code ? `<code>${html(text)}</code>` : html(text)
  return `<td>${main}${sub === undefined ? '' : `<small>${html(sub)}</small>`}</td>`
}

import { writeInstant } from '../../request/instant.ts'
import { began } from './collect.ts'
import { html } from './html.ts'
import type { Report, Story } from './report.ts'
import { outcomeOf, short } from './sections.ts'

const width = 1000
const left = 130
const axis = 22
const graph = 110
const lane = 20
/** Past them a chart says less, not more. */
const mostLanes = 40
const mostBars = 5_000
const colours = ['aws', 'azure', 'gcp', 'kubernetes', 'mock'] as const

/** Grants over time as SVG: how many at once, and below it who had which. Empty without grants. */
export function chart(report: Report): string {
  const { grants, since, until } = report
  if (grants.length === 0 || until <= since) return ''
  const x = (at: number) => left + ((clamp(at, report) - since) / (until - since)) * (width - left)
  const people = [...Map.groupBy(grants, ({ who }) => who ?? 'unknown')].toSorted(
    ([, a], [, b]) => b.length - a.length,
  )
  const shown = people.slice(0, mostLanes)
  const top = graph + axis
  const height = top + shown.length * lane + 4
  let room = mostBars
  const bars = shown.flatMap(([who, mine], index) => {
    const drawn = mine.slice(0, room)
    room -= drawn.length
    return laneOf(who, drawn, top + index * lane, x, report)
  })
  const hidden = people.length - shown.length
  const undrawn = shown.reduce((sum, [, mine]) => sum + mine.length, 0) - (mostBars - room)
  return [
    `<figure><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="Grants over time">`,
    ...ticks(report, x, height),
    curve(report, x),
    ...bars,
    '</svg><figcaption>',
    `Above: grants at once. Below: each person's grants${hidden > 0 ? `, of the ${mostLanes} with most; ${hidden} more are in the table` : ''}. `,
    undrawn > 0 ? `Not drawn: ${undrawn} more of their grants, which are in the table. ` : '',
    [...new Set(grants.map(colourOf))]
      .map((name) => `<span class="key ${name}"></span>${html(name)}`)
      .join(' '),
    '</figcaption></figure>\n',
  ].join('')
}

function laneOf(
  who: string,
  grants: readonly Story[],
  top: number,
  x: (at: number) => number,
  report: Report,
): readonly string[] {
  const name = who.length > 18 ? `${who.slice(0, 17)}…` : who
  return [
    `<text x="${left - 8}" y="${top + 14}" text-anchor="end">${html(name)}</text>`,
    ...grants.map((grant) => {
      const from = x(began(grant))
      const wide = Math.max(2, x(grant.goneAt ?? report.until) - from)
      const said = `${who}: ${grant.provider} ${grant.role} ${grant.scope}, ${short(began(grant))} to ${
        grant.goneAt === undefined ? 'now' : short(grant.goneAt)
      }, ${outcomeOf(grant)}`
      return `<rect class="${colourOf(grant)}" x="${n(from)}" y="${top + 3}" width="${n(wide)}" height="${lane - 6}" rx="2"><title>${html(said)}</title></rect>`
    }),
  ]
}

/** Steps up where a grant begins, down where one is gone. */
function curve({ grants, since, until }: Report, x: (at: number) => number): string {
  const steps = grants
    .flatMap((grant) => [
      { at: Math.max(began(grant), since), by: 1 },
      ...(grant.goneAt !== undefined && grant.goneAt < until ? [{ at: grant.goneAt, by: -1 }] : []),
    ])
    .toSorted((a, b) => a.at - b.at || a.by - b.by)
  let count = 0
  const counts = steps.map(({ by }) => (count += by))
  const most = counts.reduce((a, b) => Math.max(a, b), 1)
  const y = (value: number) => graph - 4 - (value / most) * (graph - 20)
  const path = steps.map(({ at }, index) => `H${n(x(at))}V${n(y(counts[index] ?? 0))}`).join('')
  return [
    `<path class="area" d="M${left} ${n(y(0))}${path}H${width}V${n(y(0))}Z"/>`,
    `<text x="${left - 8}" y="${n(y(most) + 4)}" text-anchor="end">${most}</text>`,
    `<text x="${left - 8}" y="${n(y(0))}" text-anchor="end">0</text>`,
  ].join('')
}

function ticks({ since, until }: Report, x: (at: number) => number, height: number): readonly string[] {
  const count = 6
  const isShort = until - since < 3 * 86_400_000
  return Array.from({ length: count }, (_, index) => {
    const at = Math.round(since + ((until - since) * index) / count)
    const label = isShort ? writeInstant(at).slice(5, 16).replace('T', ' ') : writeInstant(at).slice(0, 10)
    return `<line x1="${n(x(at))}" x2="${n(x(at))}" y1="8" y2="${height}"/><text x="${n(x(at) + 3)}" y="${graph + 14}">${label}</text>`
  })
}

const colourOf = ({ provider }: Story): string => colours.find((name) => name === provider) ?? 'other'
const clamp = (at: number, { since, until }: Report): number => Math.min(until, Math.max(since, at))
const n = (value: number): string => String(Math.round(value * 10) / 10)

import { writeInstant } from '../../request/instant.ts'
import { endOf } from './anomalies.ts'
import { began } from './collect.ts'
import type { Report, Story } from './report.ts'

/** `text` is anybody's words; `code` shows it letter by letter; `sub` stands below, smaller. */
export type Cell = { readonly text: string; readonly code?: true; readonly sub?: string }
export type Section = {
  readonly title: string
  readonly intro: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
  /** Said instead of an empty table. */
  readonly none: string
}

/** The report as tables, the same for every format. */
export const sectionsOf = (report: Report): readonly Section[] => [
  {
    title: 'Worth a look',
    intro: 'What is out of the ordinary. It may well have its reasons.',
    columns: ['When', 'What', 'Who', 'Detail', 'Where'],
    rows: report.anomalies.map(({ at, kind, who, detail, request, seq }) => [
      time(at),
      cell(kind),
      cell(who ?? ''),
      cell(detail),
      { text: request ?? '', code: true, ...(seq !== undefined && { sub: `event ${seq}` }) },
    ]),
    none: 'Nothing.',
  },
  {
    title: 'Revocation debt',
    intro: 'Grants past their end that no read-back had shown gone when the period ended.',
    columns: ['Who', 'What', 'Ended', 'State', 'Request'],
    rows: report.debt.map((one) => [
      cell(one.who ?? 'unknown'),
      what(one),
      time(endOf(one)),
      cell(one.outcome, one.why),
      which(one),
    ]),
    none: 'There is none.',
  },
  {
    title: 'Break-glass',
    intro: 'Access first, review afterwards.',
    columns: ['When', 'Who', 'Why', 'Review', 'Request'],
    rows: report.breakGlass.map(({ at, who, reason, reviewBy, review, request, seq }) => [
      time(at),
      cell(who),
      cell(reason),
      review === undefined
        ? cell('not reviewed', reviewBy === undefined ? undefined : `due ${short(reviewBy)}`)
        : cell(
            `${review.verdict}${review.overdue ? ', overdue' : ''}`,
            `by ${review.by}, ${short(review.at)}`,
          ),
      { text: request, code: true, sub: `event ${seq}` },
    ]),
    none: 'There was none.',
  },
  {
    title: 'Who had access',
    intro: 'Every grant that was there at some time of the period. Times are UTC.',
    columns: ['Who', 'What', 'From', 'Until', 'Why', 'Approved by', 'Under policy', 'Request'],
    rows: report.grants.map(grantRow),
    none: 'Nobody had any.',
  },
  {
    title: 'What was refused',
    intro:
      'Requests that came to nothing: denied by policy or a person, refused at the merge, lapsed, failed.',
    columns: ['When', 'Who', 'What', 'Outcome', 'Reason', 'Request'],
    rows: report.refused.map((one) => [
      time(one.closedAt),
      cell(one.who ?? 'unknown'),
      what(one),
      cell(one.outcome, one.by === undefined || one.by === 'gitsudo' ? undefined : `by ${one.by}`),
      cell(one.why ?? ''),
      which(one),
    ]),
    none: 'Nothing was.',
  },
  {
    title: 'Changes of policies',
    intro: 'What became of changes to `policies/`, and policies that administrators disabled for a while.',
    columns: ['When', 'What', 'By', 'Approved by', 'Detail', 'Commit'],
    rows: report.policies.map(({ at, what: happened, by, approvedBy, detail, commit, seq }) => [
      time(at),
      cell(happened),
      cell(by),
      cell(approvedBy.join(', ')),
      cell(detail),
      { text: commit?.slice(0, 10) ?? '', code: true, sub: `event ${seq}` },
    ]),
    none: 'None.',
  },
]

/** What the report rests on, in sentences. */
export function foundation({ origin, ledger, until }: Report): readonly string[] {
  const { events, head, checkpoint, brokenAt } = ledger
  return [
    ...(brokenAt === undefined
      ? []
      : [
          `The chain is broken at event ${brokenAt}: nothing from there on is in this report, and what is may be no truer. Run gitsudo audit verify.`,
        ]),
    `Made from the ${events} events of the ledger ${origin}, those before ${writeInstant(until)}, and from nothing else; the chain was recomputed, its head is ${head}. Times are the events' own: when each was staged, a moment before its seal.`,
    checkpoint === undefined
      ? 'The ledger has no checkpoint yet: nobody outside can confirm it.'
      : `The newest signed checkpoint is over ${checkpoint} events. That its signature holds, and that anchors and witnesses agree, is for gitsudo audit verify to say.`,
  ]
}

/** Numbers at a glance. */
export const figures = (report: Report): readonly (readonly [label: string, count: number])[] => [
  ['grants', report.grants.length],
  ['people', new Set(report.grants.map(({ who }) => who)).size],
  ['refused', report.refused.length],
  ['break-glass', report.breakGlass.length],
  ['revocation debt', report.debt.length],
  ['worth a look', report.anomalies.length],
]

/** `2026-12-01 08:30`, UTC. */
export const short = (at: number): string => writeInstant(at).slice(0, 16).replace('T', ' ')

export const outcomeOf = ({ outcome, by, revoke }: Story): string =>
  outcome === 'revoked' && revoke !== undefined ? `revoked by ${by}` : outcome

const cell = (text: string, sub?: string): Cell => ({ text, ...(sub !== undefined && { sub }) })
const time = (at: number | undefined): Cell => cell(at === undefined ? '' : short(at))
const what = ({ provider, role, scope }: Story): Cell =>
  cell([provider, role].filter((one) => one !== undefined).join(' '), scope)
const which = ({ id, pull, seq }: Story): Cell => ({
  text: id,
  code: true,
  sub:
    pull === undefined || pull === 0 ? `no pull request, event ${seq}` : `pull request ${pull}, event ${seq}`,
})

const grantRow = (one: Story): readonly Cell[] => [
  cell(one.who ?? 'unknown'),
  what(one),
  time(began(one)),
  one.goneAt === undefined
    ? cell(one.outcome, one.dueAt === undefined ? undefined : `due ${short(one.dueAt)}`)
    : cell(short(one.goneAt), outcomeOf(one)),
  cell(one.reason ?? ''),
  cell([...(one.brokeGlass ? ['break-glass'] : []), ...one.approvedBy].join(', ') || 'policy alone'),
  { text: one.policyCommit?.slice(0, 10) ?? '', code: true },
  which(one),
]

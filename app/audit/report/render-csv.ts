import { writeInstant } from '../../request/instant.ts'
import { escapeUnseen } from '../../request/quote.ts'
import { endOf } from './anomalies.ts'
import { began } from './collect.ts'
import type { Report, Story } from './report.ts'
import { foundation, outcomeOf } from './sections.ts'

const columns = [
  ...[
    'record',
    'at',
    'who',
    'provider',
    'role',
    'scope',
    'from',
    'until',
    'due',
    'outcome',
    'reason',
    'approved_by',
  ],
  ...['policy_commit', 'merge_commit', 'repository', 'pull_request', 'path', 'request', 'event', 'detail'],
] as const
type Line = { readonly [Column in (typeof columns)[number]]?: string | number | undefined }

/**
 * The report as RFC 4180, piece by piece: one line a record, so that a spreadsheet can filter by its kind. The first is
 * the ledger's own.
 */
export function* reportCsv(report: Report): Iterable<string> {
  yield row(columns)
  for (const line of lines(report)) yield row(columns.map((column) => String(line[column] ?? '')))
}

function* lines(report: Report): Iterable<Line> {
  const { since, until, ledger } = report
  yield {
    record: 'ledger',
    from: time(since),
    until: time(until),
    outcome: ledger.brokenAt === undefined ? 'intact' : `broken at event ${ledger.brokenAt}`,
    event: ledger.events,
    detail: foundation(report).join(' '),
  }
  for (const one of report.grants)
    yield { ...story('grant', one), at: time(began(one)), from: time(began(one)) }
  for (const one of report.refused) yield { ...story('refused', one), detail: one.why }
  for (const one of report.debt)
    yield { ...story('revocation debt', one), at: time(endOf(one)), detail: one.why }
  for (const { at, who, reason, request, seq, review, reviewBy } of report.breakGlass) {
    const outcome = review === undefined ? 'not reviewed' : review.verdict
    yield {
      record: 'break-glass',
      at: time(at),
      who,
      reason,
      request,
      event: seq,
      outcome,
      due: time(reviewBy),
      detail: review && `by ${review.by} at ${time(review.at)}${review.overdue ? ', overdue' : ''}`,
    }
  }
  for (const { at, kind, who, request, seq, detail } of report.anomalies)
    yield { record: kind, at: time(at), who, request, event: seq, detail }
  for (const { at, what, by, commit, approvedBy, seq, detail } of report.policies) {
    const record = `policies ${what}`
    yield {
      record,
      at: time(at),
      who: by,
      policy_commit: commit,
      approved_by: approvedBy.join(' '),
      event: seq,
      detail,
    }
  }
}

const story = (record: string, one: Story): Line => ({
  record,
  at: time(one.closedAt ?? one.requestedAt),
  who: one.who,
  provider: one.provider,
  role: one.role,
  scope: one.scope,
  until: time(one.goneAt),
  due: time(one.dueAt),
  outcome: outcomeOf(one),
  reason: one.reason,
  approved_by: one.approvedBy.join(' '),
  policy_commit: one.policyCommit,
  merge_commit: one.mergeCommit,
  repository: one.repository,
  pull_request: one.pull,
  path: one.path,
  request: one.id,
  event: one.seq,
})

const time = (at: number | undefined): string | undefined => (at === undefined ? undefined : writeInstant(at))

const row = (cells: readonly string[]): string => `${cells.map(field).join(',')}\r\n`

/** Quoted always; what a spreadsheet would take for a formula gets an apostrophe in front. */
const field = (text: string): string => {
  const inert = escapeUnseen(text)
  return `"${(formula.test(inert) ? `'${inert}` : inert).replaceAll('"', '""')}"`
}

const formula = /^[\s"']*[=+\-@＝＋－＠|%]/u

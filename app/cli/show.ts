import { formatDuration } from '../request/duration.ts'
import type { RequestView } from './api.ts'
import type { CliDeps } from './deps.ts'
import { relative } from './terminal/relative.ts'
import { cell } from './terminal/said.ts'
import { stateColour, styleFor } from './terminal/style.ts'
import { fields, table } from './terminal/table.ts'

type Screen = Pick<CliDeps, 'out' | 'env' | 'clock'>

/** The list that `status` prints, newest first as the service gives it. */
export function requestTable(rows: readonly RequestView[], { out, env, clock }: Screen): string {
  if (rows.length === 0) return 'No requests.\n'
  const style = styleFor(out, env)
  const cells = rows.map((row) => [
    row.id,
    stateColour(style, row.state),
    row.requester ?? '–',
    row.provider ?? '–',
    row.role ?? '–',
    row.scope ?? '–',
    when(row, clock.now()),
    row.reason ?? '',
  ])
  const head = ['ID', 'STATE', 'REQUESTER', 'PROVIDER', 'ROLE', 'SCOPE', 'WHEN', 'REASON']
  return table(
    head.map((title) => style.bold(title)),
    cells,
    out.isTTY ? out.columns : undefined,
  )
}

/** All that `status ID` says above the decision. */
export function requestDetails(row: RequestView, { out, env, clock }: Screen): string {
  const style = styleFor(out, env)
  const at = (time: string | undefined) =>
    time === undefined ? undefined : cell`${time} ${style.dim(`(${relative(time, clock.now())})`)}`
  const state =
    row.cause === undefined || row.cause === row.state
      ? stateColour(style, row.state)
      : cell`${stateColour(style, row.state)} (${row.cause})`
  return fields([
    ['ID', row.id],
    ['State', state],
    ['Why', row.note],
    ['Requester', row.requester],
    ['Provider', row.provider],
    ['Role', row.role],
    ['Scope', row.scope],
    ['Duration', row.duration_seconds === undefined ? undefined : formatDuration(row.duration_seconds)],
    ['Reason', row.reason],
    ['Approvers', row.approvers.length === 0 ? undefined : row.approvers.join(', ')],
    [
      'Pull request',
      row.pull_request_url ??
        (row.repository === undefined ? undefined : `${row.repository}#${row.pull_request}`),
    ],
    ['File', row.path],
    ['Opened', at(row.opened_at)],
    ['Starts', row.active_at === undefined ? at(row.starts_at) : undefined],
    ['Active', at(row.active_at)],
    ['Expires', row.ended_at === undefined ? at(row.expires_at) : undefined],
    ['Ended', at(row.ended_at)],
  ])
}

/** What happens next, or happened last, in a few letters. */
function when(row: RequestView, now: number): string {
  if (row.ended_at !== undefined) return `ended ${relative(row.ended_at, now)}`
  if (row.state === 'active' && row.expires_at !== undefined) return `ends ${relative(row.expires_at, now)}`
  if (row.state === 'revoking' && row.expires_at !== undefined) return `due ${relative(row.expires_at, now)}`
  if (row.state === 'scheduled' && row.starts_at !== undefined)
    return `starts ${relative(row.starts_at, now)}`
  return row.opened_at === undefined ? '' : `opened ${relative(row.opened_at, now)}`
}

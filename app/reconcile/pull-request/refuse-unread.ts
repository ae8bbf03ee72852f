import type { Actor } from '../../audit/event.ts'
import type { Decision } from '../../decision/decision.ts'
import { gitsudo, userActor } from '../../grant/events.ts'
import { moveRequest } from '../../grant/moves.ts'
import type { ObserveDeps, Observed } from '../observe/pull.ts'
import type { PullRequest } from '../ports/github.ts'
import type { RequestRow, Tx } from '../ports/store.ts'
import { requestEvent, subjectOf } from './events.ts'
import { saved } from './forecast.ts'
import { isOpen, rowOf } from './rows.ts'

export const isUndecided = (row: RequestRow): boolean => isOpen(row) || row.state === 'cancelled'

/** Refuses a request of which nothing was looked into. `at`: epoch ms. @returns what `ledger.sealed` takes */
export const refuseRow = async (
  deps: ObserveDeps,
  tx: Tx,
  pull: PullRequest,
  { lookAt: _, ...row }: RequestRow,
  at: number,
  why: string,
  by: Actor = gitsudo,
): Promise<string> => {
  const { id: request, repository, path, blob } = row
  if (row.state !== 'lapsed') {
    const from = row.state === 'cancelled' ? moveRequest(row.state, 'pending') : row.state
    await saved(deps, tx, { ...row, state: moveRequest(from, 'refused') })
  }
  const mergedBy = by.kind === 'user' ? { mergedBy: by.login } : {}
  deps.log.alert('grant.refused', { request, repository, pull: pull.number, why, ...mergedBy })
  const of = subjectOf(request, repository, pull)
  return deps.ledger.stage(tx, deps.keys.sign(requestEvent('grant.refused', at, by, of, { path, blob, why })))
}

/**
 * Refuses what a merge brought too much of to be looked into, file by file: each path is used up by it.
 * @param known the pull request's rows
 * @param done requests that the ledger has as granted or refused
 * @returns what `ledger.sealed` takes
 */
export const refuseUnread = async (
  deps: ObserveDeps,
  tx: Tx,
  { pull, unread }: Pick<Observed, 'pull' | 'unread'>,
  decision: Decision,
  known: readonly RequestRow[],
  reviewsFrom: number | undefined,
  done: ReadonlySet<string>,
): Promise<readonly string[]> => {
  const { at: now, repository, summary } = decision
  const { pendingTtlMs } = deps.settings
  const rows = new Map(known.map((row) => [row.id, row]))
  const by = pull.mergedBy === undefined ? gitsudo : userActor(pull.mergedBy)
  const staged: string[] = []
  for (const file of unread) {
    const row = rowOf(rows.get(file.id), file, pull, { repository, now, pendingTtlMs, reviewsFrom })
    if (!done.has(row.id) && (isUndecided(row) || row.state === 'lapsed'))
      staged.push(await refuseRow(deps, tx, pull, { ...row, decision }, now, summary, by))
  }
  return staged
}

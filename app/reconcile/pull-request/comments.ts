import { parseRequestId } from '../../request/id.ts'
import { genuine } from '../observe/deliveries.ts'
import type { ObserveDeps } from '../observe/pull.ts'
import type { RequestRow } from '../ports/store.ts'
import { askRevoke } from '../revoke.ts'

const command = /^\/gitsudo[^\S\n]+revoke(?:[^\S\n]+(\S+))?[^\S\n]*$/im

/**
 * `/gitsudo revoke [ID]` from the signed payload of the comment's creation (trust.md 6.27): by the requester,
 * the request's approvers, or an administrator. A comment never grants. Who may not is ignored, and logged.
 */
export const revokeByComment = async (
  deps: ObserveDeps,
  repository: number,
  pull: number,
  rows: readonly RequestRow[],
): Promise<void> => {
  if (rows.length === 0) return
  const told = await deps.store.deliveriesOfPull(repository, pull, ['issue_comment'])
  for (const delivery of genuine(deps, told)) {
    const comment = deps.payloads.comment(delivery.body)
    if (comment?.action !== 'created' || comment.author.type !== 'User') continue
    const match = command.exec(comment.body)
    if (match === null) continue
    const named = match[1] === undefined ? undefined : parseRequestId(match[1])
    for (const row of rows) {
      if (match[1] !== undefined && row.id !== named) continue
      if (typeof (await deps.store.revokeAsked(row.id)) === 'object') continue
      if (!mayRevoke(deps, row, comment.author.id)) {
        deps.log.warn('a revoke comment by someone who may not', {
          request: row.id,
          by: comment.author.login,
        })
        continue
      }
      const by = { kind: 'user' as const, id: String(comment.author.id), login: comment.author.login }
      await askRevoke(deps, { grant: row.id, by, why: 'comment', askedAt: deps.clock.now() })
    }
  }
}

/** The requester, whoever could have approved the request, and administrators (trust.md 6.27b). */
export const mayRevoke = (deps: Pick<ObserveDeps, 'settings'>, row: RequestRow, person: number): boolean =>
  row.requester?.id === person ||
  deps.settings.administrators.includes(person) ||
  (row.decision?.requests ?? []).some(
    ({ id, requirements }) =>
      id === row.id && requirements.some(({ eligible }) => eligible.some((one) => one.id === person)),
  )

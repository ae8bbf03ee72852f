import { mayRevoke } from '../../decision/may-revoke.ts'
import type { ReconcileDeps } from '../deps.ts'
import { wakePull } from '../key.ts'
import { genuine } from '../observe/deliveries.ts'
import type { Account } from '../ports/github.ts'
import type { RequestRow } from '../ports/store.ts'
import { askRevoke } from '../revoke.ts'
import { openOf } from '../revoke-gone.ts'
import { commandsIn, commentsOn } from './revoked.ts'
import { isOpen } from './rows.ts'

/**
 * Each line `/gitsudo revoke [ID]` of the signed payload of the comment's creation (trust.md 6.27): by the requester,
 * the request's approvers, or an administrator. What is still open passes no more. A comment never grants. Who may not is
 * ignored, and logged, like an id that is not one of the pull request's.
 */
export const revokeByComment = async (
  deps: ReconcileDeps,
  repository: number,
  pull: number,
  rows: readonly RequestRow[],
): Promise<void> => {
  for (const { author, body } of await commentsOn(deps, repository, pull))
    await obey(deps, { repository, pull }, rows, author, body)
}

/**
 * The same from GitHub's list, where the payload of a comment's creation cannot be had: whoever can write can edit
 * anybody's comment, so only one that nobody edited counts (trust.md 6.27a). Within the second in which it was
 * written an edit does not show; all that it could do is take access away.
 * @param since epoch ms
 */
export const revokeByMissedComments = async (
  deps: ReconcileDeps,
  repository: number,
  since: number,
): Promise<void> => {
  for (const { id, pull, author, body, edited } of await deps.github
    .repository(repository)
    .commentsSince(since)) {
    if (edited || author?.type !== 'User' || commandsIn(body).size === 0) continue
    const told = genuine(deps, await deps.store.deliveriesOfPull(repository, pull, ['issue_comment']))
    if (told.some((one) => deps.payloads.comment(one.body)?.commentId === id)) continue
    await obey(deps, { repository, pull }, await deps.store.requestsOfPull(repository, pull), author, body)
  }
}

const obey = async (
  deps: ReconcileDeps,
  { repository, pull }: { readonly repository: number; readonly pull: number },
  rows: readonly RequestRow[],
  author: Account,
  body: string,
): Promise<void> => {
  const commands = commandsIn(body)
  if (commands.size === 0) return
  // Of what was granted the ledger knows, whoever hid or altered its row (trust.md 5.2).
  const granted = (await openOf(deps, { id: repository })).filter((intent) => intent.pull === pull)
  const requests = new Map<string, Pick<RequestRow, 'requester' | 'decision'> & Partial<RequestRow>>(
    rows.map((row) => [row.id, row]),
  )
  for (const { grant, requester } of granted) requests.set(grant, { ...requests.get(grant), requester })
  const by = { kind: 'user' as const, id: String(author.id), login: author.login }
  // One line of the log a comment: who writes it chooses how much it names, and each look reads it again.
  const strange = [...commands].filter((id) => id !== undefined && !requests.has(id))
  if (strange.length > 0)
    deps.log.warn('a revoke comment that names no request of its pull request', {
      pull,
      named: strange[0],
      more: strange.length - 1,
      by: author.login,
    })
  const barred: string[] = []
  for (const [id, { decision, requester, state }] of requests) {
    if (!commands.has(undefined) && !commands.has(id)) continue
    if (typeof (await deps.store.revokeAsked(id)) === 'object') continue
    if (mayRevoke(author.id, { id, decision, requester: requester?.id }, deps.settings.administrators)) {
      await askRevoke(deps, { grant: id, by, why: 'comment', askedAt: deps.clock.now() })
      // It passes no more.
      if (state !== undefined && isOpen({ state })) await deps.queue.wake([wakePull(repository, pull)])
    } else barred.push(id)
  }
  if (barred.length > 0)
    deps.log.warn('a revoke comment by someone who may not', { requests: barred, by: author.login })
}

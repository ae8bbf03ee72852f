import type { Decision } from '../../decision/decision.ts'
import type { RequestFacts } from '../../decision/facts.ts'
import { mayRevoke } from '../../decision/may-revoke.ts'
import { parseRequestId } from '../../request/id.ts'
import { genuine } from '../observe/deliveries.ts'
import type { ObserveDeps } from '../observe/pull.ts'
import type { CommentPayload } from '../ports/payload.ts'

const command = /^\/gitsudo[^\S\n]+revoke(?:[^\S\n]+(\S+))?[^\S\n]*$/gim

/** What each line `/gitsudo revoke [ID]` names, ids as gitsudo writes them; undefined stands for the whole pull request. */
export const commandsIn = (body: string): ReadonlySet<string | undefined> =>
  new Set([...body.matchAll(command)].map(([, id]) => (id === undefined ? id : (parseRequestId(id) ?? id))))

/** The comments that people made on a pull request, as signed when they were created (trust.md 6.27a). */
export const commentsOn = async (
  deps: Pick<ObserveDeps, 'store' | 'payloads' | 'log'>,
  repository: number,
  pull: number,
): Promise<readonly CommentPayload[]> => {
  const told = await deps.store.deliveriesOfPull(repository, pull, ['issue_comment'])
  return genuine(deps, told).flatMap(({ body }) => {
    const comment = deps.payloads.comment(body)
    return comment?.action === 'created' && comment.author.type === 'User' ? [comment] : []
  })
}

/**
 * The requests, each with who revoked it in a comment that came before there was a row of it, or before its approvers
 * were who they are now: nobody could be asked then whether he may.
 * @param decision what is known of their approvers
 */
export const withRevoked = async (
  deps: Pick<ObserveDeps, 'store' | 'payloads' | 'log' | 'settings'>,
  repository: number,
  decision: Decision,
  requests: readonly RequestFacts[],
): Promise<readonly RequestFacts[]> => {
  const comments = await commentsOn(deps, repository, decision.pull)
  const { administrators } = deps.settings
  return requests.map((one) => {
    const { id, requester: found } = one
    const requester = found !== undefined && 'person' in found ? found.person.id : undefined
    const by = comments.find(({ author, body }) => {
      const named = commandsIn(body)
      const asked = named.has(undefined) || named.has(id)
      return asked && mayRevoke(author.id, { id, requester, decision }, administrators)
    })?.author
    return by === undefined || one.revoked !== undefined
      ? one
      : { ...one, revoked: { by: by.login, why: 'comment' } }
  })
}

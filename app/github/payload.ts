import type { z } from 'zod'
import type { Payloads, ReviewPayload } from '../reconcile/ports/payload.ts'
import { accountOf } from './account.ts'
import { type EventName, eventOf, shapes } from './shapes.ts'

/** What stored webhook bodies say; the reconcilers' reader of them. */
export const payloads: Payloads = {
  review(body) {
    const said = read('pull_request_review', shapes.pull_request_review, body)
    const state = said && stateOf(said.review.state)
    if (!said || !state || said.review.commit_id === null || !said.review.submitted_at) return undefined
    const { id, commit_id: commit, user, submitted_at: submittedAt } = said.review
    return {
      action: said.action,
      reviewId: id,
      commit,
      state,
      ...(user ? { reviewer: accountOf(user) } : {}),
      submittedAt: Date.parse(submittedAt),
    }
  },
  pullRequest(body) {
    const said = read('pull_request', shapes.pull_request, body)
    return (
      said && {
        action: said.action,
        number: said.number,
        headSha: said.pull_request.head.sha,
        base: said.pull_request.base,
        sender: accountOf(said.sender),
        updatedAt: Date.parse(said.pull_request.updated_at),
      }
    )
  },
  push(body) {
    const said = read('push', shapes.push, body)
    if (said === undefined) return undefined
    const { ref, before, after, sender } = said
    return { ref, before, after, ...(sender ? { sender: accountOf(sender) } : {}) }
  },
  mergeGroup(body) {
    const said = read('merge_group', shapes.merge_group, body)
    return (
      said && {
        action: said.action,
        ref: said.merge_group.head_ref,
        head: said.merge_group.head_sha,
        base: said.merge_group.base_sha,
        into: said.merge_group.base_ref,
      }
    )
  },
  comment(body) {
    const said = read('issue_comment', shapes.issue_comment, body)
    if (!said?.issue.pull_request || !said.comment.user) return undefined
    const { id, body: text, user, created_at: createdAt } = said.comment
    return {
      action: said.action,
      commentId: id,
      body: text,
      author: accountOf(user),
      createdAt: Date.parse(createdAt),
    }
  },
}

/** Webhooks write states in lower case, the API in upper case. */
function stateOf(text: string): ReviewPayload['state'] | undefined {
  const state = text.toLowerCase()
  return state === 'approved' ||
    state === 'changes_requested' ||
    state === 'commented' ||
    state === 'dismissed'
    ? state
    : undefined
}

function read<T>(event: EventName, shape: z.ZodType<T>, bytes: Uint8Array): T | undefined {
  const body = parseBody(bytes)
  return eventOf(body) === event ? shape.safeParse(body).data : undefined
}

/** undefined: not UTF-8, or not JSON. */
export function parseBody(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined
    throw error
  }
}

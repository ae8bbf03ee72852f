import type { Payloads } from '../../../app/reconcile/ports/payload.ts'

const reader =
  <T>(event: string) =>
  (body: Uint8Array): T | undefined => {
    const said = JSON.parse(new TextDecoder().decode(body)) as { readonly event?: string }
    return said.event === event ? (said as T) : undefined
  }

/** Reads what the hub sends. */
export const memoryPayloads: Payloads = {
  review: reader('pull_request_review'),
  pullRequest: reader('pull_request'),
  push: reader('push'),
  comment: reader('issue_comment'),
  mergeGroup: reader('merge_group'),
}

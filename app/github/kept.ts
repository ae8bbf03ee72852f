/**
 * Deliveries that are stored: those that may ask for a look, or that a decision reads later. By event and
 * action alone, because that is all GitHub's list of deliveries shows when it is searched for missed ones.
 */
const kept: Readonly<Record<string, readonly string[] | 'any'>> = {
  push: 'any',
  pull_request: [
    'opened',
    'reopened',
    'synchronize',
    'edited',
    'closed',
    'ready_for_review',
    'converted_to_draft',
    'enqueued',
    'dequeued',
  ],
  pull_request_review: ['submitted', 'edited', 'dismissed'],
  issue_comment: ['created'],
  merge_group: ['checks_requested', 'destroyed'],
  check_run: ['rerequested'],
  check_suite: ['rerequested'],
}

export function isKept(event: string, action: string | null | undefined): boolean {
  const actions = Object.hasOwn(kept, event) ? kept[event] : undefined
  return actions === 'any' || actions?.includes(action ?? '') === true
}

import type { Intent } from '../../../app/grant/intent.ts'
import { requestId } from '../../../app/request/id.ts'

const hour = 3_600_000

/** An intent for the mock, one grant a `number`; times in epoch milliseconds. */
export const anIntent = (number: number, startsAt: number, change: Partial<Intent> = {}): Intent => {
  const path = `requests/2027/01/grant-${number}.yaml`
  return {
    grant: requestId(123_456, number, path),
    repository: 123_456,
    pull: number,
    mergeCommit: 'c'.repeat(40),
    path,
    blob: 'b'.repeat(40),
    requester: { id: 1001, login: 'alice' },
    principal: 'alice@example.com',
    provider: 'mock',
    role: 'reader',
    cloudRole: 'mock-reader',
    scope: 'project-1',
    reason: 'INC-4421',
    startsAt,
    endsAt: startsAt + hour,
    ...change,
  }
}

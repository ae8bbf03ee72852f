import type { Intent } from '../../grant/intent.ts'

/** The words of a grant's row that its intent fixes; what a row says otherwise was written by another hand (trust.md 5.2). */
export const fixedBy = ({
  grant: id,
  repository,
  pull,
  requester,
  provider,
  role,
  scope,
  reason,
  startsAt,
  endsAt,
}: Intent) => ({ id, repository, pull, requester, provider, role, scope, reason, startsAt, endsAt })

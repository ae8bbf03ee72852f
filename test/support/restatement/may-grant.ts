import { approvalsMissing } from './approvals.ts'
import { notAsApproved } from './merge.ts'
import { outOfRules } from './rules.ts'
import type { Truth } from './truth.ts'

/**
 * trust.md told again, as plainly as it goes: everything that stands against a grant for the request at `path`, each
 * with its number there. Empty: it may be. Written from that document alone, to be held against `app/decision/`.
 */
export const against = (truth: Truth, path: string): readonly string[] => {
  const requests = added(truth)
  if (!requests.includes(path)) return ['6.12 the pull request does not add this file']
  // 3.3: none of a pull request's requests without the others; once granted, each lives alone.
  const together = truth.moment === 'merge' ? requests : [path]
  return together.flatMap((one) => [
    ...outOfRules(truth, one),
    ...notAsApproved(truth, one),
    ...approvalsMissing(truth, one),
  ])
}

/** Files that the pull request adds, whole and not only by its last push (6.12). */
const added = ({ git, pull }: Truth): readonly string[] => {
  if (pull.merged === undefined) return []
  const before = git.files(git.forkPoint(pull.merged.before, pull.head))
  return [...git.files(pull.head).keys()].filter((path) => path.startsWith('requests/') && !before.has(path))
}

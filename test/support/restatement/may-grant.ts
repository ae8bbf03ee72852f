import { missing, type Subject } from './approvals.ts'
import { notAsApproved } from './merge.ts'
import { revoked } from './revoked.ts'
import { outOfRules } from './rules.ts'
import { toxic } from './together.ts'
import type { Policy, Truth } from './truth.ts'

/**
 * trust.md told again, as plainly as it goes: everything that stands against a grant for the request at `path`, each
 * with its number there. Empty: it may be. Written from that document alone, to be held against `app/decision/`.
 */
export const against = (truth: Truth, path: string): readonly string[] => {
  const requests = added(truth)
  if (!requests.includes(path)) return ['6.12 the pull request does not add this file']
  if (requests.length > 100) return ['more requests than one pull request may bring']
  // 3.3: none of a pull request's requests without the others; once granted, each lives alone.
  const together = truth.moment === 'merge' ? requests : [path]
  return together.flatMap((one) => [
    ...outOfRules(truth, one),
    ...toxic(truth, one, together),
    ...notAsApproved(truth, one),
    ...approvals(truth, one),
    ...revoked(truth, one),
  ])
}

/** Files that the pull request adds, whole and not only by its last push (6.12). */
const added = ({ git, pull }: Truth): readonly string[] => {
  if (pull.merged === undefined) return []
  const before = git.files(git.forkPoint(pull.merged.before, pull.head))
  return [...git.files(pull.head).keys()].filter((path) => path.startsWith('requests/') && !before.has(path))
}

/** Section 2 for a request; 1.9: approvals given under policies that asked for something else are void. */
const approvals = (truth: Truth, path: string): readonly string[] => {
  const { git, policy, pull, renewed } = truth
  if (policy === undefined) return []
  const id = (login: string) => policy.people.find((one) => one.login === login && !one.blocked)?.id
  const blob = git.files(pull.head).get(path)
  const asked = renewed?.asked(path)
  const subject: Subject = {
    seats: policy.required.flatMap(({ group, count }) =>
      Array.from({ length: count }, () => (policy.groups[group] ?? []).map(id)),
    ),
    requester: policy.people.find(({ login }) => login === truth.asks(blob ?? '')?.requester),
    covers: (commit) => git.files(commit).get(path) === blob,
    after: renewed !== undefined && asked !== undefined && terms(asked) !== terms(policy) ? renewed.at : 0,
  }
  if (policy.required.length > 0) return missing(truth, subject)
  const fell = renewed !== undefined && asked !== undefined && asked.required.length > 0
  if (!fell || pull.headAt > renewed.at) return []
  const anew = truth.reviews.some(({ state, at }) => state === 'APPROVED' && at > renewed.at)
  return anew ? [] : ['1.9 nobody is asked any more, and nothing new came']
}

const terms = ({ tier, required }: Pick<Policy, 'tier' | 'required'>): string =>
  JSON.stringify([tier, required])

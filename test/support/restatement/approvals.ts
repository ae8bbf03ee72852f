import type { Account, Policy, Review, Truth } from './truth.ts'

/** What is to be approved, and by whom. */
export type Subject = {
  /** The ids that may take each seat. */
  readonly seats: readonly (readonly (number | undefined)[])[]
  readonly requester: Policy['people'][number] | undefined
  /** Whether this commit holds the very bytes. */
  covers(commit: string): boolean
  /** Reviews up to here are void (1.9). */
  readonly after: number
}

const permissions = ['none', 'read', 'triage', 'write', 'maintain', 'admin']

/** Section 2: whether the people who are asked have read these bytes and say yes. */
export const missing = (truth: Truth, { seats, requester, covers, after }: Subject): readonly string[] => {
  const asked = (one: Account) => seats.some((seat) => seat.includes(one.id))
  const voices = latest(truth).flatMap(({ reviewer, ...said }) =>
    reviewer !== undefined && asked(reviewer) && maySpeak(truth, requester, reviewer)
      ? [{ reviewer, ...said }]
      : [],
  )
  const no: string[] = []
  if (voices.some(({ state }) => state === 'CHANGES_REQUESTED')) no.push('2.4 somebody who was asked says no')
  const workers = involved(truth)
  if (workers.includes(undefined)) no.push('2.8 somebody who worked on it is unknown')
  const approvers = voices
    .filter(({ state, received, at }) => state === 'APPROVED' && received && at > after)
    .filter(({ reviewer }) => !workers.includes(reviewer.id))
    .filter(({ commit }) => covers(commit))
    .map(({ reviewer }) => reviewer.id)
  if (!filled(seats, approvers)) no.push('2, 4.4 the approvals are not there')
  return no
}

/** 2.4, 2.5, 6.23: what each person said last, before the merge and after the last reopening. */
const latest = ({ reviews, pull }: Truth): readonly Review[] => {
  const last = new Map<number, Review>()
  for (const review of reviews.toSorted((a, b) => a.at - b.at)) {
    if (review.reviewer === undefined || review.state === 'COMMENTED') continue
    if (pull.reopened !== undefined && review.at <= pull.reopened) continue
    if (pull.merged !== undefined && review.state === 'APPROVED' && review.at > pull.merged.at) continue
    last.set(review.reviewer.id, review)
  }
  return [...last.values()]
}

/** 2.6, 2.7, 2.9: a person, who may write, and whose own request it is not. */
const maySpeak = (truth: Truth, requester: Subject['requester'], { id, type }: Account): boolean => {
  const own = truth.policy?.people.find((one) => one.id === id)?.principals ?? []
  return (
    type === 'User' &&
    permissions.indexOf(truth.permission(id)) >= permissions.indexOf('write') &&
    id !== truth.pull.author.id &&
    id !== requester?.id &&
    !own.some((principal) => requester?.principals.includes(principal))
  )
}

/** 2.7, 2.8: everybody who worked on the pull request, by number; undefined for whoever cannot be told. */
const involved = ({ git, policy, pull, pushers }: Truth): readonly (number | undefined)[] => {
  const before = git.history(pull.merged?.before ?? pull.head)
  return [...git.history(pull.head)]
    .filter((commit) => !before.has(commit))
    .flatMap((commit) => git.signatories(commit))
    .map((address) => policy?.people.find(({ emails }) => emails.includes(address))?.id)
    .concat(pushers.map((one) => one?.id))
}

/** 4.4: whether each seat can have a person of its own. */
const filled = (
  [seat, ...others]: readonly (readonly (number | undefined)[])[],
  people: readonly number[],
): boolean =>
  seat === undefined ||
  people.some(
    (one) =>
      seat.includes(one) &&
      filled(
        others,
        people.filter((other) => other !== one),
      ),
  )

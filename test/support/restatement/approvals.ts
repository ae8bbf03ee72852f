import type { Account, Review, Truth } from './truth.ts'

const permissions = ['none', 'read', 'triage', 'write', 'maintain', 'admin']

/** Section 2: whether the people whom the policies name have read these bytes and say yes. */
export const approvalsMissing = (truth: Truth, path: string): readonly string[] => {
  const { policy, pull, git } = truth
  if (policy === undefined) return ['1.3 no accepted policies']
  if (policy.required.length === 0) return []
  const id = (login: string) => policy.people.find((one) => one.login === login && !one.blocked)?.id
  const seats = policy.required.flatMap(({ group, count }) =>
    Array.from({ length: count }, () => (policy.groups[group] ?? []).map(id)),
  )
  const asked = (one: Account) => seats.some((seat) => seat.includes(one.id))
  const voices = latest(truth).flatMap(({ reviewer, ...said }) =>
    reviewer === undefined || !asked(reviewer) || !maySpeak(truth, path, reviewer)
      ? []
      : [{ reviewer, ...said }],
  )
  const no: string[] = []
  if (voices.some(({ state }) => state === 'CHANGES_REQUESTED')) no.push('2.4 somebody who was asked says no')

  const workers = involved(truth)
  if (workers.includes(undefined)) no.push('2.8 somebody who worked on it is unknown')
  const blob = git.files(pull.head).get(path)
  const approvers = voices
    .filter(({ state, received }) => state === 'APPROVED' && received)
    .filter(({ reviewer }) => !workers.includes(reviewer.id))
    .filter(({ commit }) => git.files(commit).get(path) === blob)
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
const maySpeak = (truth: Truth, path: string, { id, type }: Account): boolean => {
  const { policy, pull, git } = truth
  const requester = policy?.people.find(
    ({ login }) => login === truth.asks(git.files(pull.head).get(path) ?? '')?.requester,
  )
  const own = policy?.people.find((one) => one.id === id)?.principals ?? []
  return (
    type === 'User' &&
    permissions.indexOf(truth.permission(id)) >= permissions.indexOf('write') &&
    id !== pull.author.id &&
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

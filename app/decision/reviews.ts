import type { RuleNode } from './decision.ts'
import type { Contributor, Facts, PersonFact, RequestFacts, ReviewFact } from './facts.ts'
import { byText } from './order.ts'
import { rule } from './rule.ts'

/** What one person's latest review with a state says about one request, before anybody asks who may meet what. */
export type Voice = {
  readonly person: PersonFact
  /** `unheard`: its signed payload is missing or contradicts GitHub's list (trust.md 2.1, 3.12). */
  readonly says: 'approves' | 'denies' | 'nothing' | 'unheard'
  /** It is a refusal, or may be one. */
  readonly against: boolean
  readonly submittedAt: number
  readonly storedAt?: number
  /** The review's id, where it counts no longer and a new one would. */
  readonly again?: number
  readonly node: RuleNode
}

const states = {
  approved: 'APPROVED',
  changes_requested: 'CHANGES_REQUESTED',
  commented: 'COMMENTED',
  dismissed: 'DISMISSED',
}
const ranks = { none: 0, read: 1, triage: 2, write: 3, maintain: 4, admin: 5 }
const restraint = { approved: 0, commented: 1, dismissed: 2, changes_requested: 3 }

/** What reviews are about: the bytes at a path; for `policies`, a tree. `after`: earlier approvals are void (trust.md 1.9). */
export type Subject = Pick<RequestFacts, 'path' | 'blob' | 'requester'> & {
  readonly after?: number | undefined
}

/** One voice for each person who reviewed, in order of numeric id, and one node for each review that is nobody's. */
export const voicesOn = (
  facts: Facts,
  request: Subject,
): { readonly voices: readonly Voice[]; readonly strangers: readonly RuleNode[] } => {
  const people = new Map<number, ReviewFact>()
  const strangers: RuleNode[] = []
  const said = facts.reviews.filter(hasState).toSorted(inOrder)
  const isVoid = (review: ReviewFact) => voidness(review, facts) !== undefined
  // What is void is told of a person only where nothing else is there to be weighed.
  for (const review of [...said.filter(isVoid), ...said.filter((one) => !isVoid(one))]) {
    const { reviewer } = review
    if (reviewer?.type === 'User') people.set(reviewer.id, review)
    else strangers.push(stranger(review))
  }
  const voices = [...people.values()].flatMap((review) => {
    const { reviewer } = review
    return reviewer === undefined
      ? []
      : [voice(facts, request, review, { id: reviewer.id, login: reviewer.login })]
  })
  return { voices: voices.sort((a, b) => a.person.id - b.person.id), strangers }
}

/** A person has one review in the making at most, so where GitHub's whole seconds tie, the ids tell the order. */
const inOrder = (a: ReviewFact, b: ReviewFact): number =>
  a.submittedAt - b.submittedAt ||
  a.id - b.id ||
  restraint[a.state] - restraint[b.state] ||
  byText(a.payload?.commit ?? '', b.payload?.commit ?? '')

const hasState = ({ state, payload }: ReviewFact): boolean =>
  state !== 'commented' || (payload !== undefined && payload.state !== 'commented')

/**
 * Void: from before the pull request was reopened (trust.md 6.23), and approvals from after the merge (2.5).
 * What somebody says against it after the merge still weighs. The merge's own second counts as before it:
 * GitHub's times are whole seconds, and gitsudo merges in the second of the last approval.
 */
const voidness = ({ state, submittedAt }: ReviewFact, { pull }: Facts): '6.23' | '2.5' | undefined => {
  if (pull.reviewsFrom !== undefined && !(submittedAt > pull.reviewsFrom)) return '6.23'
  const late = pull.merged !== undefined && !(submittedAt <= pull.merged.at)
  return late && state === 'approved' ? '2.5' : undefined
}

const stranger = ({ reviewer, state }: ReviewFact): RuleNode =>
  rule(
    '2.6',
    `Review of ${reviewer?.login ?? 'a deleted account'}`,
    'unmet',
    'a person',
    reviewer === undefined
      ? `${states[state]} by an account that is gone`
      : `${states[state]} by a ${reviewer.type}; it does not count`,
  )

const voice = (facts: Facts, request: Subject, review: ReviewFact, person: PersonFact): Voice => {
  const { state, payload } = review
  const refusal = state === 'changes_requested' || payload?.state === 'changes_requested'
  const said = (
    says: Voice['says'],
    number: string,
    needed: string,
    had: string,
    remedy?: string,
  ): Voice => ({
    person,
    says,
    against: refusal,
    submittedAt: review.submittedAt,
    ...(review.storedAt === undefined ? {} : { storedAt: review.storedAt }),
    node: rule(
      number,
      `Review of ${person.login}`,
      says === 'approves' ? 'met' : says === 'unheard' ? 'unknown' : 'unmet',
      needed,
      had,
      remedy === undefined ? {} : { remedy },
    ),
  })
  const spent = (number: string, needed: string, had: string): Voice => ({
    ...said('nothing', number, needed, had, `ask ${person.login} to review again`),
    again: review.id,
  })
  if (state === 'dismissed')
    return spent('2.4', 'a standing review', `${person.login}'s latest review was dismissed`)
  const voided = voidness(review, facts)
  if (voided === '6.23') {
    return spent(
      '6.23',
      'a review since it was reopened',
      `${person.login}'s review was given before it was reopened: approve again`,
    )
  }
  if (voided === '2.5')
    return said(
      'nothing',
      '2.5',
      'an approval before the merge',
      `${person.login}'s approval was given after the merge`,
    )
  const least = facts.repository.reviewerPermission
  const permission = review.permission ?? 'none'
  if (ranks[permission] < ranks[least]) {
    return said('nothing', '2.9', `${least} permission`, `${person.login} has ${permission} permission`)
  }
  const silenced = silencedBy(facts, request, review, person)
  if (silenced !== undefined) return said('nothing', '2.7', 'somebody uninvolved', silenced)

  const unheard =
    payload === undefined
      ? 'its signed payload has not arrived'
      : payload.ofAnother
        ? 'its signed payload names another reviewer'
        : payload.state === state
          ? undefined
          : `its signed payload says ${states[payload.state]}`
  // Whoever worked on the pull request cannot approve, but what they say against it stands: commit metadata
  // can be forged (trust.md 6.13), and must not silence a refusal by naming its author as co-author.
  if (unheard === undefined && state === 'changes_requested') {
    return said('denies', '2.4', 'no changes asked for', `${person.login} asked for changes`)
  }
  const involved = involvedAs(facts.contributors, person)
  if (involved !== undefined && !refusal)
    return said('nothing', '2.7', 'somebody uninvolved', `${person.login} ${involved}`)
  // Whose principals and addresses nobody knows may be the requester, or have written it (trust.md 2.7, 2.8).
  if (review.unlisted && !refusal) {
    return said(
      'nothing',
      '2.6',
      'somebody whom identities know by numeric id',
      `${person.login} (${person.id}) is not in policies/data/identities.yaml`,
      `under identities in policies/data/identities.yaml add \`${person.login}: { id: ${person.id}, trustTier: 1 }\``,
    )
  }
  if (unheard !== undefined) {
    return said(
      'unheard',
      '2.1',
      'a signed payload for each review',
      `${states[state]} by ${person.login} is not counted: ${unheard}`,
      'it is asked for again; a fresh review helps too',
    )
  }
  const covered = Object.hasOwn(review.blobs, request.path) ? review.blobs[request.path] : undefined
  if (covered !== request.blob) {
    return spent(
      '2.3',
      'the bytes that are there now',
      `${person.login} approved other bytes of ${request.path}`,
    )
  }
  const { after } = request
  if (after !== undefined && !((review.storedAt ?? Number.NEGATIVE_INFINITY) > after)) {
    return spent(
      '1.9',
      'an approval under the policies in force',
      `${person.login}'s approval was given under the old policy: approve again`,
    )
  }
  return said('approves', '2.4', 'an approval that stands', `${person.login} approved these bytes`)
}

/** Why this person can neither approve this request nor refuse it: it is their own (trust.md 2.7). */
const silencedBy = (
  facts: Facts,
  request: Subject,
  review: ReviewFact,
  person: PersonFact,
): string | undefined => {
  const { requester } = request
  if (person.id === facts.pull.author.id) return `${person.login} is the pull request's author`
  if (requester === undefined || !('person' in requester)) return undefined
  if (person.id === requester.person.id) return `${person.login} is the requester`
  const shared = review.principals.find((principal) => requester.principals.includes(principal))
  return shared === undefined ? undefined : `${person.login} is mapped to the requester's ${shared}`
}

const involvement = {
  author: 'wrote a commit',
  committer: 'committed',
  'co-author': 'co-wrote a commit',
  pusher: 'pushed',
}

const involvedAs = (contributors: readonly Contributor[], person: PersonFact): string | undefined => {
  const roles = contributors.flatMap((one) =>
    'person' in one && one.person.id === person.id ? [involvement[one.as]] : [],
  )
  return roles.length === 0 ? undefined : `${[...new Set(roles)].sort().join(' and ')} in this pull request`
}

/** Who can never approve this request, whatever they review. */
export const barred = (facts: Facts, request: Subject): ReadonlySet<number> =>
  new Set([
    facts.pull.author.id,
    ...(request.requester !== undefined && 'person' in request.requester
      ? [request.requester.person.id]
      : []),
    ...facts.contributors.flatMap((one) => ('person' in one ? [one.person.id] : [])),
  ])

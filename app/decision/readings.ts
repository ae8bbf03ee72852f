import { inTrouble, isEligible } from '../policy/fold.ts'
import type {
  ApprovalResult,
  EligibilityResult,
  EvaluationFailure,
  ReviewerResult,
} from '../policy/result.ts'
import type { PolicyAnswer, PolicyQuestion, PolicyUser } from '../reconcile/ports/evaluator.ts'

/** One question is asked in at most so many ways. */
export const mostReadings = 64
/** All readings of all questions of a pull request are at most so many evaluations: about a second of the only worker. */
export const mostEvaluations = 1000

export type Unread = {
  /** Of each team whose members nobody can tell: the groups that it stands for. */
  readonly teams: readonly (readonly string[])[]
  /** Every group, in the order in which policies see them. */
  readonly groups: readonly string[]
  /** Whether this person may be in a group at all. */
  readonly mayBelong: (id: number) => boolean
  /** A policy was asked about each reviewer. */
  readonly each: boolean
  /** Evaluations that one reading takes, as far as can be told before, and how many there is room for. */
  readonly cost: number
  readonly room: number
}

/** How often a policy was asked for this answer, hints apart. */
export const evaluationsIn = ({ eligibility, approval }: PolicyAnswer): number =>
  approval.reduce((sum, { reviewers }) => sum + 1 + reviewers.length, eligibility.length)

/**
 * The question once more for every way in which its people may belong to teams whose members nobody can tell, but for
 * *in none of them*, which is how it stands. All reviewers belong alike: each is asked about alone. Undefined: too many
 * ways, or policies and people to ask about in each.
 */
export function readings(question: PolicyQuestion, unread: Unread): readonly PolicyQuestion[] | undefined {
  const { teams, groups, mayBelong, each, cost, room } = unread
  const { requester, author, reviewers } = question
  const alone = author.id === requester.id
  const ways = 2 ** teams.length
  const count = ways ** (1 + (alone ? 0 : 1) + (each ? 1 : 0))
  if (count > mostReadings || (count - 1) * cost > room) return undefined
  const member = (person: PolicyUser, way: number): PolicyUser => {
    const more = mayBelong(person.id) ? teams.flatMap((of, bit) => ((way >> bit) % 2 === 1 ? of : [])) : []
    return {
      ...person,
      groups: groups.filter((name) => person.groups.includes(name) || more.includes(name)),
    }
  }
  return Array.from({ length: count - 1 }, (_, before) => {
    const way = (place: number) => Math.floor((before + 1) / ways ** place) % ways
    const asking = member(requester, way(0))
    const opening = alone ? asking : member(author, way(1))
    const reviewing = each ? way(alone ? 1 : 2) : 0
    return {
      ...question,
      requester: asking,
      author: opening,
      reviewers: reviewers.map((one) => (one.id === author.id ? opening : member(one, reviewing))),
    }
  })
}

/**
 * An answer as far as it holds whoever is in those teams. Each policy whose word would decide otherwise in another
 * reading is in trouble (trust.md 3.12, 6.17): neither what it allows nor what it refuses is certain.
 * @param others the answers in the other readings; undefined: there are too many, and nobody asked
 * @param heard ids of those whose reviews are there to be weighed
 * @param why for people: what it depends on
 * @returns `sure`: nothing depends on it
 */
export function agreed(
  answer: PolicyAnswer,
  others: readonly PolicyAnswer[] | undefined,
  heard: ReadonlySet<number>,
  why: string,
): PolicyAnswer & { readonly sure: boolean } {
  const outcome: EvaluationFailure = { kind: 'trouble', why }
  let sure = true
  const unsure = <R>(one: R): R & { readonly outcome: EvaluationFailure } => {
    sure = false
    return { ...one, outcome }
  }
  const differs = <R extends { readonly policy: string }>(
    one: R,
    of: (answer: PolicyAnswer) => readonly R[],
    says: (one: R) => string,
  ): boolean =>
    others === undefined ||
    others.some((other) => {
      const found = of(other).find(({ policy }) => policy === one.policy)
      return found === undefined || says(found) !== says(one)
    })
  const doubtful =
    others === undefined ||
    others.some(({ eligibility: one }) => inTrouble(one) || together(one) !== together(answer.eligibility))
  const eligibility = answer.eligibility.map((one) =>
    doubtful && differs(one, (of) => of.eligibility, ofEligibility) ? unsure(one) : one,
  )
  const approval = answer.approval.map((one): ApprovalResult => {
    if (differs(one, (of) => of.approval, ofApproval)) return { ...unsure(one), reviewers: [] }
    const open = new Set(
      one.reviewers
        .filter((each) => others?.some((of) => !alike(of.approval, one.policy, each)))
        .map(({ reviewerId }) => reviewerId),
    )
    const certain = one.reviewers.some((each) => allows(each) && !open.has(each.reviewerId))
    // Who said nothing decides nothing, as long as there is somebody to be asked.
    const matters = ({ reviewerId: id }: ReviewerResult) => open.has(id) && (heard.has(id) || !certain)
    return { ...one, reviewers: one.reviewers.map((each) => (matters(each) ? unsure(each) : each)) }
  })
  return { ...answer, eligibility, approval, ...(sure ? {} : { hints: [] }), sure }
}

const alike = (approval: readonly ApprovalResult[], policy: string, one: ReviewerResult): boolean => {
  const found = approval
    .find((each) => each.policy === policy)
    ?.reviewers.find(({ reviewerId }) => reviewerId === one.reviewerId)
  return found !== undefined && found.outcome.kind === one.outcome.kind && allows(found) === allows(one)
}

const allows = ({ outcome }: ReviewerResult): boolean => outcome.kind === 'value' && outcome.allow

/** What all eligibility policies decide together. */
const together = (results: readonly EligibilityResult[]): string => {
  const said = results.map(ofEligibility)
  return JSON.stringify([
    isEligible(results),
    ...[onBehalf, breakGlass].map((word) => said.some((one) => one.includes(word))),
  ])
}

const onBehalf = 'on behalf'
const breakGlass = 'break-glass'

const ofEligibility = ({ outcome }: EligibilityResult): string => {
  if (outcome.kind !== 'value') return outcome.kind === 'error' ? 'refuses' : 'trouble'
  if (outcome.deny.length > 0) return 'refuses'
  if (!outcome.allow) return 'silent'
  return `allows ${outcome.allowOnBehalfOf ? onBehalf : ''} ${outcome.allowBreakGlass ? breakGlass : ''}`
}

const ofApproval = ({ outcome }: ApprovalResult): string => {
  if (outcome.kind !== 'value') return outcome.kind === 'error' ? 'refuses' : 'trouble'
  if (outcome.deny.length > 0) return 'refuses'
  return outcome.applies ? JSON.stringify([outcome.tier, outcome.required, outcome.approverGroup]) : 'silent'
}

import { hash } from 'node:crypto'
import { decide } from '../../decision/decide.ts'
import type { Requirement } from '../../decision/decision.ts'
import type { Facts, PolicyFacts, RequestFacts } from '../../decision/facts.ts'
import { assign } from '../../decision/match.ts'
import type { Directory } from '../../identity/directory.ts'
import type { PolicyAnswer, PolicySet } from '../../reconcile/ports/evaluator.ts'
import { plainMode } from '../../request/plain.ts'
import { inTrouble } from '../fold.ts'
import { peopleOf, personOf } from './people.ts'
import type { Question } from './question.ts'

/**
 * What the policies and the directory of one commit make of a request. `approvals`: how many people have to
 * approve; `asked`: a digest of who may, to be compared. `trouble`: some policy came to no answer in its time.
 */
export type Judgement =
  | { readonly verdict: 'passes'; readonly approvals: number; readonly asked: string }
  | { readonly verdict: 'refused' }
  | { readonly verdict: 'trouble' }

export type Judge = (question: Question) => Promise<Judgement>

/** Who asks for more approvals, or of more people, will not get them; and weighing it would take all memory. */
const mostAsked = { approvals: 100, people: 20_000 }

/**
 * Decides by the rules of every decision, with nobody's review yet: `passes` where those who are asked can also
 * approve it. People get the groups and the trust tier of this directory. Who is in a team only GitHub knows:
 * requester and author keep those they had, everybody else is taken for a member, and each team for big enough.
 */
export function createJudge(set: PolicySet): Judge {
  const people = peopleOf(set.directory)
  return async (question) => {
    const requester = people.user(question.requester)
    const author = people.user(question.author)
    const reviewers = people.reviewers.filter(({ id }) => id !== requester.id)
    const answer = await set.ask({ ...question, requester, author, reviewers })
    const { eligibility, approval } = answer
    if (inTrouble([...eligibility, ...approval, ...approval.flatMap((one) => one.reviewers)]))
      return { verdict: 'trouble' }
    if (asksTooMuch(answer, people.sizes)) return { verdict: 'refused' }
    const policies = { eligibility, approval, hints: [], groups: people.groups, users: usersOf(set, answer) }
    const [decided] = decide(factsOf(set, question, policies)).requests
    if (decided?.verdict !== 'passed' && decided?.verdict !== 'action_required') return { verdict: 'refused' }
    return approvable(decided.requirements)
  }
}

/** Asks once more before trouble counts. */
export const patient =
  (judge: Judge): Judge =>
  async (question) => {
    const first = await judge(question)
    return first.verdict === 'trouble' ? judge(question) : first
  }

/** Passes where distinct people can meet every requirement (trust.md 4.4). */
function approvable(requirements: readonly Requirement[]): Judgement {
  const seats = requirements.map(({ count, eligible }) => ({
    count,
    eligible: new Set(eligible.map(({ id }) => id)),
  }))
  const everybody = seats.flatMap(({ eligible }) => [...eligible])
  const met = assign(seats, everybody).every((seated, index) => seated.length >= (seats[index]?.count ?? 0))
  if (!met) return { verdict: 'refused' }
  const asked = seats.map(({ count, eligible }) => [count, [...eligible].sort((a, b) => a - b)])
  return {
    verdict: 'passes',
    approvals: seats.reduce((sum, { count }) => sum + count, 0),
    asked: hash('sha256', JSON.stringify(asked.map((seat) => JSON.stringify(seat)).sort())),
  }
}

function asksTooMuch({ approval }: PolicyAnswer, sizes: ReadonlyMap<string, number>): boolean {
  const entries = approval.flatMap(({ outcome }) =>
    outcome.kind === 'value' ? (outcome.required ?? []) : [],
  )
  const people = entries.reduce(
    (sum, entry) => sum + ('group' in entry ? (sizes.get(entry.group) ?? 0) : entry.users.length),
    0,
  )
  const approvals = entries.reduce((sum, { count }) => sum + Math.max(1, count), 0)
  return approvals > mostAsked.approvals || people > mostAsked.people
}

const repository = 1
const branch = 'main'

/** The facts of a pull request that has nothing for or against it but this request. */
function factsOf(set: PolicySet, question: Question, policies: PolicyFacts): Facts {
  const { request, author, path, now } = question
  return {
    now,
    moment: 'forecast',
    repository: {
      id: repository,
      fullName: question.repository,
      branch,
      // How far a repository reaches is the configuration's business, the same before and after.
      providers: [request.provider],
      scopes: ['*'],
      reviewerPermission: 'write',
      grantWindowMs: 0,
    },
    pull: {
      number: question.pull,
      author: personOf(author),
      authorIsUser: true,
      base: branch,
      headSha: '0'.repeat(40),
      fromFork: false,
      draft: false,
      state: 'open',
    },
    policy: { commit: set.commit },
    changes: [{ path, kind: 'added', mode: plainMode }],
    requests: [
      {
        id: request.id,
        path,
        blob: '0'.repeat(40),
        read: { ok: true, request },
        usedUp: false,
        ...catalogued(set.directory, question),
        policies,
      },
    ],
    reviews: [],
    contributors: [{ as: 'author', person: personOf(author) }],
    troubles: [],
  }
}

/** Who asks and for what, as this directory knows them. */
function catalogued(
  directory: Directory,
  { request, requester }: Question,
): Pick<RequestFacts, 'requester' | 'role'> {
  const found = directory.person(requester.login, requester.id)
  const role = directory.role(request.provider, request.role)
  const principal = found.ok ? directory.principal(found.identity, request.provider) : undefined
  return {
    requester: found.ok
      ? {
          person: { id: found.identity.id, login: found.identity.login },
          principals: directory.principalsOf(found.identity),
          ...(principal === undefined ? {} : { principal }),
        }
      : { unknown: found.message, remedy: found.remedy },
    role: role ?? { unknown: request.role, remedy: '' },
  }
}

/** The people that requirements name one by one. */
function usersOf({ directory }: PolicySet, { approval }: PolicyAnswer): PolicyFacts['users'] {
  const logins = approval.flatMap(({ outcome }) =>
    outcome.kind === 'value'
      ? (outcome.required ?? []).flatMap((entry) => ('users' in entry ? entry.users : []))
      : [],
  )
  return [...new Set(logins)].map((login) => {
    const person = directory.byLogin(login)
    return person === undefined ? { login, unknown: login } : { login, person: personOf(person) }
  })
}

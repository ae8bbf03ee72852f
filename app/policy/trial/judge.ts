import { hash } from 'node:crypto'
import { decide } from '../../decision/decide.ts'
import type { GroupFact, PersonFact, PolicyFacts, RequestFacts } from '../../decision/facts.ts'
import { assign } from '../../decision/match.ts'
import type { Directory } from '../../identity/directory.ts'
import type { PolicyAnswer, PolicySet, PolicyUser } from '../../reconcile/ports/evaluator.ts'
import { inTrouble } from '../fold.ts'
import type { Question } from './question.ts'

/**
 * What the policies and the directory of one commit make of a request. `approvals`: how many people have to
 * approve; `asked`: who may, to be compared. `trouble`: some policy came to no answer in its time.
 */
export type Judgement =
  | { readonly verdict: 'passes'; readonly approvals: number; readonly asked: string }
  | { readonly verdict: 'refused' }
  | { readonly verdict: 'trouble' }

/** As many as are asked about each request (reconcile/observe/ask.ts). */
const mostReviewers = 200
/** Nobody is asked for more members of a team than these. */
const teamSize = 20

/**
 * Decides by the rules of every decision, with nobody's review yet: `passes` where those who are asked can also
 * approve it. People get the groups and the trust tier of this directory. Who is in a team only GitHub knows:
 * requester and author keep those they had, everybody else is taken for a member, and each team for big enough.
 */
export async function judge(set: PolicySet, question: Question): Promise<Judgement> {
  const { directory } = set
  const requester = userOf(directory, question.requester)
  const teams = directory.groups.flatMap((group) => ('team' in group ? [group.name] : []))
  const reviewers = directory.identities
    .filter(({ id, blocked }) => !blocked && id !== requester.id)
    .slice(0, mostReviewers)
    .map(({ id, login }) => userOf(directory, { id, login, groups: teams }))
  const author = userOf(directory, question.author)
  const answer = await set.ask({ ...question, requester, author, reviewers })
  const said = [...answer.eligibility, ...answer.approval, ...answer.approval.flatMap((one) => one.reviewers)]
  if (inTrouble(said)) return { verdict: 'trouble' }
  const [decided] = decide(factsOf(set, question, answer)).requests
  if (decided?.verdict !== 'passed' && decided?.verdict !== 'action_required') return { verdict: 'refused' }
  const seats = decided.requirements.map(({ count, eligible }) => ({
    count,
    eligible: new Set(eligible.map(({ id }) => id)),
  }))
  const everybody = seats.flatMap(({ eligible }) => [...eligible])
  const met = assign(seats, everybody).every((people, index) => people.length >= (seats[index]?.count ?? 0))
  if (!met) return { verdict: 'refused' }
  const asked = seats.map(({ count, eligible }) => [count, [...eligible].sort((a, b) => a - b)])
  return {
    verdict: 'passes',
    approvals: seats.reduce((sum, { count }) => sum + count, 0),
    asked: JSON.stringify(asked.map((seat) => JSON.stringify(seat)).sort()),
  }
}

function userOf(directory: Directory, person: Pick<PolicyUser, 'id' | 'login' | 'groups'>): PolicyUser {
  const identity = directory.byId(person.id)
  return {
    id: person.id,
    login: person.login,
    email: identity?.emails[0] ?? '',
    trustTier: identity?.trustTier ?? 0,
    groups: directory.groups
      .filter((group) =>
        'team' in group
          ? person.groups.includes(group.name)
          : identity !== undefined && group.members.includes(identity.login),
      )
      .map(({ name }) => name),
  }
}

const repository = 1
const branch = 'main'

/** The facts of a pull request that has nothing for or against it but this request. */
function factsOf(set: PolicySet, question: Question, answer: PolicyAnswer): Parameters<typeof decide>[0] {
  const { request, author, path, now } = question
  const person = ({ id, login }: PolicyUser): PersonFact => ({ id, login })
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
      author: person(author),
      authorIsUser: true,
      base: branch,
      headSha: '0'.repeat(40),
      fromFork: false,
      draft: false,
      state: 'open',
    },
    policy: { commit: set.commit },
    changes: [{ path, kind: 'added', mode: '100644' }],
    requests: [
      {
        id: request.id,
        path,
        blob: '0'.repeat(40),
        read: { ok: true, request },
        usedUp: false,
        ...catalogued(set.directory, question),
        policies: policiesOf(set.directory, answer),
      },
    ],
    reviews: [],
    contributors: [{ as: 'author', person: person(author) }],
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

function policiesOf(directory: Directory, { eligibility, approval }: PolicyAnswer): PolicyFacts {
  const logins = approval.flatMap(({ outcome }) =>
    outcome.kind === 'value'
      ? (outcome.required ?? []).flatMap((entry) => ('users' in entry ? entry.users : []))
      : [],
  )
  return {
    eligibility,
    approval,
    hints: [],
    groups: directory.groups.map((group): GroupFact => {
      if ('team' in group) return { name: group.name, members: someOf(group.team) }
      return {
        name: group.name,
        members: group.members.flatMap((login) => directory.byLogin(login) ?? []),
      }
    }),
    users: [...new Set(logins)].map((login) => {
      const person = directory.byLogin(login)
      return person === undefined ? { login, unknown: login } : { login, person }
    }),
  }
}

/** Stand-ins for a team's members, the same for the same team. */
const someOf = (team: string): readonly PersonFact[] => {
  const first = Number.parseInt(hash('sha256', team).slice(0, 10), 16) * teamSize
  return Array.from({ length: teamSize }, (_, index) => ({ id: -1 - first - index, login: team }))
}

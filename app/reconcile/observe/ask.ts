import type { GroupFact, PersonFact, PolicyFacts, RequestFacts } from '../../decision/facts.ts'
import { mostEvaluations } from '../../decision/readings.ts'
import type { ReconcileDeps } from '../deps.ts'
import { policiesOff } from '../overrides.ts'
import type { Evidence, PolicySet } from '../ports/evaluator.ts'
import { grantsOf, spanOf } from './grants.ts'
import { policyUser } from './people.ts'
import { askWhoever } from './whoever.ts'

/** A policy that names no approvers is asked about each person it might have meant; never about more than these. */
const askedPeople = 200

export type Asked = { readonly requests: readonly RequestFacts[]; readonly evidence: readonly Evidence[] }

/** Puts what the policies say into each request's facts, with the requester's grants as they are now. */
export const askPolicies = async (
  deps: Pick<ReconcileDeps, 'clock' | 'store' | 'settings' | 'ledger' | 'keys' | 'log'>,
  set: PolicySet,
  at: {
    readonly now: number
    readonly repository: number
    readonly pull: number
    readonly author: PersonFact
    readonly groups: readonly GroupFact[]
    readonly reviewers: readonly PersonFact[]
    readonly requests: readonly RequestFacts[]
    /** Of other pull requests that would be merged with this one: as good as granted. */
    readonly beside?: readonly RequestFacts[]
    readonly hints: boolean
  },
): Promise<Asked> => {
  const evidence = new Map<string, Evidence>()
  const off = await policiesOff(deps, at.repository)
  const overridden = off.overridden.map(({ policy }) => policy)
  const questions = at.requests.length * (off.byHand.length === 0 ? 1 : 2)
  const room = Math.floor(mostEvaluations / questions)
  const repository = deps.settings.repositories.get(at.repository)?.fullName ?? String(at.repository)
  const directory = set.directory
  const user = (person: PersonFact) => policyUser(directory, at.groups, person)
  const siblings = at.requests.flatMap((request) => contextOf(request, repository, 'pending', at.now))
  const beside = (at.beside ?? []).flatMap((request) =>
    contextOf(request, repository, 'provisioning', at.now),
  )

  const ask = async (request: RequestFacts): Promise<RequestFacts> => {
    const { read, requester } = request
    if (!read.ok || requester === undefined || !('person' in requester)) return request
    const others = await grantsOf(
      deps,
      requester.person.id,
      at.repository,
      new Set([...at.requests, ...(at.beside ?? [])].map(({ id }) => id)),
      at.now,
    )
    const people = new Map<number, PersonFact>(at.reviewers.map((person) => [person.id, person]))
    for (const identity of directory.identities.slice(0, askedPeople)) {
      if (!people.has(identity.id)) people.set(identity.id, { id: identity.id, login: identity.login })
    }
    people.delete(requester.person.id)
    for (const { id, blocked } of directory.identities) if (blocked) people.delete(id)
    const question = {
      requester: user(requester.person),
      author: user(at.author),
      request: { ...read.request, id: request.id },
      now: at.now,
      repository,
      pull: at.pull,
      activeGrants: [
        ...others.activeGrants,
        ...beside.filter(({ person }) => person === requester.person.id).map(({ context }) => context),
      ],
      queuedGrants: [
        ...others.queuedGrants,
        ...siblings
          .filter(({ id, person }) => id !== request.id && person === requester.person.id)
          .map(({ context }) => context),
      ],
      reviewers: [...people.values()].map(user),
    }
    const answer = async (without: readonly string[]): Promise<PolicyFacts> => {
      const said = await askWhoever(
        set,
        question,
        { without, hints: at.hints, room },
        { groups: at.groups, heard: at.reviewers },
      )
      for (const item of said.evidence) evidence.set(item.digest, item)
      const { eligibility, approval, hints, missing } = said
      const { groups, users } = named(approval, at.groups, directory)
      return { eligibility, approval, hints, groups, users, ...(missing === undefined ? {} : { missing }) }
    }
    const policies = await answer([...off.byHand, ...overridden])
    return {
      ...request,
      policies,
      ...(off.overridden.length === 0
        ? {}
        : {
            overridden: off.overridden.map(({ policy, until, by }) => ({
              policy,
              until,
              by: by.map(({ login }) => login),
            })),
          }),
      ...(off.byHand.length === 0 ? {} : { policiesToo: await answer(overridden) }),
    }
  }
  const requests = await Promise.all(at.requests.map(ask))
  return { requests, evidence: [...evidence.values()] }
}

/** Two requests in one pull request see each other as queued: harmless alone may be toxic together. */
const contextOf = (
  request: RequestFacts,
  repository: string,
  state: 'pending' | 'provisioning',
  now: number,
) => {
  const { read, requester } = request
  if (!read.ok || requester === undefined || !('person' in requester)) return []
  const { provider, role, scope, startsAt, durationSeconds, reason, metadata } = read.request
  const context = {
    id: request.id,
    repository,
    provider,
    role,
    scope,
    state,
    ...spanOf(startsAt, durationSeconds, now),
    reason,
    metadata,
  }
  return [{ id: request.id, person: requester.person.id, context }]
}

/** The groups and users that requirements name, resolved to numeric ids. */
const named = (
  approval: PolicyFacts['approval'],
  groups: readonly GroupFact[],
  directory: PolicySet['directory'],
): Pick<PolicyFacts, 'groups' | 'users'> => {
  const groupNames = new Set<string>()
  const logins = new Set<string>()
  for (const { outcome } of approval) {
    if (outcome.kind !== 'value') continue
    if (outcome.approverGroup !== undefined) groupNames.add(outcome.approverGroup)
    for (const entry of outcome.required ?? []) {
      if ('group' in entry) groupNames.add(entry.group)
      else for (const login of entry.users) logins.add(login)
    }
  }
  return {
    groups: [...groupNames].map(
      (name) =>
        groups.find((group) => group.name === name) ?? {
          name,
          unknown: `policies/data/groups.yaml has no group ${name}`,
        },
    ),
    users: [...logins].map((login) => {
      const identity = directory.byLogin(login)
      return identity === undefined
        ? { login, unknown: `policies/data/identities.yaml has no ${login}` }
        : { login, person: { id: identity.id, login: identity.login } }
    }),
  }
}

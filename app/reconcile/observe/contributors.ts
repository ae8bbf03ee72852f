import type { Contributor, ContributorRole } from '../../decision/facts.ts'
import type { Directory } from '../../identity/directory.ts'
import type { ReconcileDeps } from '../deps.ts'
import type { Commit, Mirror, Sha, Signatory } from '../ports/git.ts'
import type { PullRequest, RepositoryApi } from '../ports/github.ts'
import type { PushPayload } from '../ports/payload.ts'
import type { Delivery } from '../ports/store.ts'
import { genuine } from './deliveries.ts'
import type { PeopleCache } from './people.ts'

/** A deploy key or a deleted account pushed: who it was cannot be known (trust.md 2.8). */
const nameless: Contributor = {
  as: 'pusher',
  unresolved: 'a push that names nobody',
  remedy: 'open the request again from a branch that only people push to',
}

const zero = /^0+$/
/** GitHub's own address for what its web interface commits; believed only where GitHub verifies the signature. */
const webFlow = 'noreply@github.com'

/** Where somebody approves, GitHub is asked for pushes that left no trace in the stored payloads, too. */
export type Approved = {
  /** Ids of the reviews that approve; where there is none, who pushed is barred from nothing. */
  readonly approvals: readonly number[]
  /** GitHub is asked now; else its answer is a minute old at most. */
  readonly fresh: boolean
}

type Deps = Pick<ReconcileDeps, 'store' | 'payloads' | 'log'> & {
  readonly people: Pick<PeopleCache, 'verified' | 'pushers'>
}

/** Everyone in trust.md 2.7 besides the requester, named, or what could not be resolved (2.8). */
export const contributorsOf = async (
  deps: Deps,
  api: RepositoryApi,
  mirror: Mirror,
  directory: Directory,
  repository: number,
  pull: PullRequest,
  base: Sha,
  approved: Approved,
): Promise<readonly Contributor[]> => {
  const found = new Map<string, Contributor>()
  const add = (contributor: Contributor) =>
    found.set(
      'person' in contributor ? `id ${contributor.person.id}` : `unresolved ${contributor.unresolved}`,
      contributor,
    )
  let doubtful = false
  /** One that GitHub does not vouch for voids every approval: the others of its kind are not asked about. */
  const vouched = async (commit: Sha): Promise<boolean> => {
    doubtful ||= !(await deps.people.verified(repository, api, commit))
    return !doubtful
  }
  for (const commit of await mirror.commits(base, pull.head.sha)) {
    const named: readonly (readonly [ContributorRole, Signatory])[] = [
      ['author', commit.author],
      ['committer', commit.committer],
      ...commit.coAuthors.map((coAuthor) => ['co-author', coAuthor] as const),
    ]
    for (const [as, signatory] of named) {
      const contributor = await resolve(vouched, directory, commit, as, signatory)
      if (contributor !== undefined) add(contributor)
    }
  }
  for (const person of await pushersOf(deps, api, repository, pull, approved)) {
    add(person === undefined ? nameless : { as: 'pusher', person })
  }
  return [...found.values()]
}

const resolve = async (
  vouched: (commit: Sha) => Promise<boolean>,
  directory: Directory,
  commit: Commit,
  as: ContributorRole,
  signatory: Signatory,
): Promise<Contributor | undefined> => {
  const email = signatory.email.toLowerCase()
  // GitHub's web interface is nobody, where GitHub itself vouches for the commit.
  if (email === webFlow && as === 'committer' && (await vouched(commit.sha))) return undefined
  const person = directory.byEmail(email)
  if (person !== undefined) return { as, person: { id: person.id, login: person.login } }
  return {
    as,
    unresolved: signatory.email,
    remedy: `add ${JSON.stringify(signatory.email)} to somebody's emails in policies/data/identities.yaml`,
  }
}

/**
 * Who pushed to the head branch, from the signed payloads; GitHub's own activity list fills the gap when they
 * do not account for every move from the branch's creation to the head. A push and the one that undid it leave none.
 */
const pushersOf = async (
  deps: Deps,
  api: RepositoryApi,
  repository: number,
  pull: PullRequest,
  { approvals, fresh }: Approved,
) => {
  const ref = `refs/heads/${pull.head.ref}`
  const [pushes, changes] = await Promise.all([
    deps.store.pushesTo(repository, ref),
    deps.store.deliveriesOfPull(repository, pull.number, ['pull_request']),
  ])
  // Whoever pushed to an earlier branch of the name counts too: the order in which pushes arrived proves nothing.
  const heard = genuine(deps, pushes)
  const told = read(heard, deps.payloads.push)
  const opened = read(genuine(deps, changes), deps.payloads.pullRequest).filter(
    ({ action }) => action === 'opened' || action === 'synchronize',
  )
  // Deleting the branch brings nothing to it.
  const bringing = told.filter(({ after }) => !zero.test(after))
  const senders = [...bringing, ...opened].map((payload) => payload.sender)
  // Before the merge somebody has made it again, and who did may not have been told.
  const early = heard.filter(({ receivedAt }) => receivedAt < (pull.mergedAt ?? Number.POSITIVE_INFINITY))
  const deleted = read(early, deps.payloads.push).some(({ after }) => zero.test(after))
  const known = !deleted && accounted(bringing, pull.head.sha)
  if (known && approvals.length === 0) return senders
  return [...senders, ...(await deps.people.pushers(repository, api, pull, approvals, fresh || !known))]
}

/** Whether the pushes lead from nothing to `head` without a gap. */
const accounted = (pushes: readonly PushPayload[], head: Sha): boolean => {
  const before = new Map(pushes.map((push) => [push.after, push.before]))
  // A branch that went to and fro is asked about: of what brought it to where it was twice, some may be lost.
  if (before.size < pushes.length) return false
  // Where what brought it to one of them first is lost, two of them lead to each other.
  const seen = new Set<Sha>()
  let at: Sha | undefined = head
  while (at !== undefined && !zero.test(at) && !seen.has(at)) {
    seen.add(at)
    at = before.get(at)
  }
  return at !== undefined && zero.test(at)
}

const read = <T>(deliveries: readonly Delivery[], reader: (body: Uint8Array) => T | undefined): T[] =>
  deliveries.flatMap((delivery) => {
    const payload = reader(delivery.body)
    return payload === undefined ? [] : [payload]
  })

import { policyTree } from '../../decision/decide-policies.ts'
import type { Facts, GroupFact, PersonFact, ProposalFacts, RequestFacts } from '../../decision/facts.ts'
import { isCrowded, proposes, touchedBy } from '../../decision/touched.ts'
import type { FollowDeps } from '../branch.ts'
import { acceptedCommit, type InForce, inForce } from '../policies.ts'
import { proposalOf } from '../policy-change/propose.ts'
import type { PolicySet } from '../ports/evaluator.ts'
import type { Sha } from '../ports/git.ts'
import type { PullRequest } from '../ports/github.ts'
import type { RepositorySettings } from '../ports/settings.ts'
import { type Diff, diffOf, pathFact } from './changes.ts'
import { contributorsOf } from './contributors.ts'
import { genuine } from './deliveries.ts'
import { filedUnder } from './filed.ts'
import { type CloudLimits, limited } from './limits.ts'
import { naming } from './named.ts'
import { groupsOf, type PeopleCache } from './people.ts'
import { headAt, precedentsOf } from './precedents.ts'
import { type NewFile, newFiles, requestsOf } from './requests.ts'
import { approves, listReviews, reviewsOf } from './reviews.ts'
import { revokedIn, revokedOf } from './revoked.ts'
import { othersAt } from './sharing.ts'
import { Trouble } from './trouble.ts'

export type ObserveDeps = FollowDeps & { readonly people: PeopleCache; readonly limits: CloudLimits }

/** Everything about a pull request but what the policies say of it, which depends on the grants of the moment. */
export type Observed = {
  readonly facts: Facts
  readonly pull: PullRequest
  readonly diff: Diff
  readonly set?: PolicySet
  readonly groups: readonly GroupFact[]
  /** New request files past the bound: too many to be looked into. */
  readonly unread: readonly NewFile[]
  /** People whose reviews might count. */
  readonly reviewers: readonly PersonFact[]
  /** Of a pull request that changes `policies/` and nothing under `requests/`. */
  readonly proposal?: ProposalFacts
  /** As in `Decision`. */
  readonly named: readonly string[]
}

/**
 * Looks afresh at GitHub and Git. Throws what Git and GitHub throw; a policy set that cannot be loaded is a fact.
 * @param reviewsFrom reviews submitted up to here are void: the pull request was reopened (epoch ms)
 * @param tried what was observed of its policies a moment ago, so that they are not tried again
 */
export const observePull = async (
  deps: ObserveDeps,
  repository: RepositorySettings,
  pull: PullRequest,
  moment: Facts['moment'],
  reviewsFrom: number | undefined,
  tried?: ProposalFacts,
): Promise<Observed> => {
  const api = deps.github.repository(repository.id)
  const mirror = deps.git.mirror(repository.id)
  const fresh = moment !== 'forecast'
  const listing = () =>
    listReviews(deps, api, (person) => deps.people.permission(repository.id, api, person, fresh), {
      repository: repository.id,
      pull: pull.number,
      forecast: !fresh,
    })
  const known = naming((await deps.store.pull(repository.id, pull.number))?.decision.named)
  const [policy, listed, reopened, held] = await Promise.all([
    policyOf(deps, repository),
    // Of a pull request that merely waits nobody asks before it is known to hold requests.
    fresh ? listing() : undefined,
    // Rows and stored payloads can be erased, and a lost payload proves nothing (trust.md 2.1, 5, 6.23).
    fresh ? api.reopenedAt(pull.number) : undefined,
    openedOn(deps, repository, pull),
  ])
  // The branch last, for the verdict follows it to the tip that is seen here.
  const diff = await diffOf(api, mirror, pull, held)
  const { accepted } = policy
  const fromFork = pull.head.repository !== repository.id
  // What comes from a fork is refused, whoever asks and approves (trust.md 6.22): anybody can make us ask about it.
  const directory = fromFork ? undefined : policy.set?.directory
  const merge = pull.merged ? pull.mergeCommit : undefined
  const changes = diff.changes.map(pathFact)
  const touched = touchedBy(changes)
  const proposing = proposes(touched)
  const files = newFiles(repository.id, pull.number, diff.changes)
  const crowded = isCrowded(touched)
  const read = await requestsOf(
    mirror,
    directory,
    (login) => known.ask(`user ${login}`, deps.people.account(repository.id, api, login, fresh)),
    crowded ? [] : files,
    {
      before: diff.before,
      tip: diff.tip,
      merge,
      // What left the branch while it waited for its start was noted then.
      since: moment === 'start' ? diff.tip : merge,
      author: pull.author,
    },
  )
  const voidUpTo = [reviewsFrom, reopened].filter((at) => at !== undefined)
  const requests = await Promise.all(
    read.map(async (one) => {
      const filed = await filedUnder(deps, one.id)
      return {
        ...one,
        // Of what is granted already, its own reconciler takes the access away.
        ...(moment === 'start'
          ? {}
          : { ...revokedIn(deps, one.id, filed.events), ...(await revokedOf(deps, one.id)) }),
        ...(accepted.since === undefined ? {} : { precedent: precedentsOf(deps, one.id, filed, accepted) }),
      }
    }),
  )
  // Meanwhile GitHub is asked; it never throws.
  const asked = limited(deps.limits, repository, deps.settings.clouds, requests, {
    moment,
    now: deps.clock.now(),
  })
  const weighed = directory !== undefined && (requests.length > 0 || proposing)
  const all = weighed ? (listed ?? (await listing())) : []
  const approved = {
    approvals: all.filter(approves).map(({ review }) => review.id),
    // What merges by itself is as final as a verdict.
    fresh: fresh || repository.merge === 'auto',
  }
  const [reviews, contributors, groups] = !weighed
    ? [[], [], []]
    : await Promise.all([
        reviewsOf(mirror, directory, all, {
          paths: requests.map(({ path }) => path),
          folders: proposing ? [policyTree] : [],
        }),
        contributorsOf(deps, api, mirror, directory, repository.id, pull, diff.base, approved),
        requests.length === 0
          ? []
          : groupsOf(directory, (team) =>
              known.hear(`team ${team}`, deps.people.team(repository.id, api, team, fresh)),
            ),
      ])
  const facts: Facts = {
    now: deps.clock.now(),
    moment,
    repository: {
      ...repository,
      grantWindowMs: deps.settings.grantWindowMs,
      ...(deps.settings.clouds === undefined ? {} : { clouds: deps.settings.clouds }),
    },
    pull: {
      number: pull.number,
      author: { id: pull.author.id, login: pull.author.login },
      authorIsUser: pull.author.type === 'User',
      base: pull.base.ref,
      headSha: pull.head.sha,
      fromFork,
      draft: pull.draft,
      state: pull.state,
      ...(await mergedFact(mirror, pull, diff)),
      ...(fresh ? {} : { sharing: await othersAt(deps, repository.id, pull.number, pull.head.sha) }),
      ...(voidUpTo.length === 0 ? {} : { reviewsFrom: Math.max(...voidUpTo) }),
      ...(accepted.since === undefined || requests.length === 0
        ? {}
        : { headAt: await headAt(deps, repository.id, pull) }),
    },
    policy:
      policy.set === undefined
        ? { missing: policy.missing }
        : {
            commit: policy.set.commit,
            ...(accepted.since === undefined ? {} : { since: accepted.since }),
          },
    changes,
    requests: await asked,
    reviews,
    contributors,
    troubles: [],
  }
  const proposal = proposing
    ? await proposalOf(deps, repository, mirror, pull, diff, accepted.commit, policy.set?.directory, tried)
    : undefined
  return {
    facts,
    pull,
    diff,
    ...(proposal === undefined ? {} : { proposal }),
    ...(policy.set === undefined ? {} : { set: policy.set }),
    groups,
    unread: crowded ? files : [],
    reviewers: peopleOf(facts),
    named: known.named(),
  }
}

/** What the branch held when the pull request into it was opened, by its signed payload; undefined where that is lost. */
const openedOn = async (
  deps: ObserveDeps,
  { id, branch }: RepositorySettings,
  { number, merged }: PullRequest,
): Promise<Sha | undefined> => {
  if (!merged) return undefined
  const told = genuine(deps, await deps.store.deliveriesOfPull(id, number, ['pull_request']))
  return told
    .map(({ body }) => deps.payloads.pullRequest(body))
    .find((one) => one?.action === 'opened' && one.number === number && one.base.ref === branch)?.base.sha
}

type LoadedPolicy = { readonly accepted: InForce } & (
  | { readonly set: PolicySet; readonly missing?: undefined }
  | { readonly set?: undefined; readonly missing: string }
)

const policyOf = async (deps: ObserveDeps, repository: RepositorySettings): Promise<LoadedPolicy> => {
  try {
    const accepted = await inForce(deps, repository)
    return { accepted, set: await deps.policies.get(repository.id, accepted.commit) }
  } catch (error) {
    if (!(error instanceof Error && error.name === 'PolicyLoadError')) throw error
    const commit = await acceptedCommit(deps, repository)
    // Only what the commit's own files do wrong stays so; a compiler that is missing or stumbles may come back.
    if (!('code' in error && error.code === 'invalid')) {
      throw new Trouble(`policies at ${commit.slice(0, 10)}: ${error.message}`, { cause: error })
    }
    deps.log.warn('the accepted policies cannot be used', {
      repository: repository.id,
      commit,
      why: error.message,
    })
    return {
      accepted: { commit, loadedAt: new Map() },
      missing: `policies at ${commit.slice(0, 10)} cannot be used: ${error.message}`,
    }
  }
}

const mergedFact = async (
  mirror: ReturnType<FollowDeps['git']['mirror']>,
  pull: PullRequest,
  diff: Diff,
): Promise<Pick<Facts['pull'], 'merged'>> => {
  if (!pull.merged || pull.mergeCommit === undefined) return {}
  return {
    merged: {
      at: pull.mergedAt ?? 0,
      commit: pull.mergeCommit,
      onBranch: await mirror.isAncestor(pull.mergeCommit, diff.tip),
    },
  }
}

const peopleOf = (facts: Facts): readonly PersonFact[] => {
  const people = new Map<number, PersonFact>()
  for (const { reviewer } of facts.reviews) {
    if (reviewer?.type === 'User') people.set(reviewer.id, { id: reviewer.id, login: reviewer.login })
  }
  return [...people.values()]
}

/** The same facts with what the policies said put in. */
export const withRequests = (facts: Facts, requests: readonly RequestFacts[], now: number): Facts => ({
  ...facts,
  now,
  requests,
})

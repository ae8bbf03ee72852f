import { gitsudo } from '../grant/events.ts'
import type { GrantState } from '../grant/state.ts'
import { requestId } from '../request/id.ts'
import { canonicalPath } from '../request/path.ts'
import type { ReconcileDeps } from './deps.ts'
import type { Turns } from './in-turn.ts'
import { wakeBranch, wakePull } from './key.ts'
import { troubled, untroubled } from './lasting-trouble.ts'
import { plainAt } from './observe/plain-at.ts'
import type { PolicyCache } from './observe/policies.ts'
import { type Step, stepsBelow } from './observe/steps.ts'
import { troubleIn } from './observe/trouble.ts'
import { acceptedCommit, revokeStrangers } from './policies.ts'
import { policySteps, refuseStrays } from './policy-change/walk.ts'
import { type Change, type Mirror, type Sha, unlessTooLarge } from './ports/git.ts'
import type { PullRequest, RepositoryApi } from './ports/github.ts'
import type { Sealed } from './ports/ledger.ts'
import type { RepositorySettings } from './ports/settings.ts'
import type { RequestRow, Tx } from './ports/store.ts'
import { requestEvent } from './pull-request/events.ts'
import { isOpen } from './pull-request/rows.ts'
import { isSettled } from './pull-request/settled.ts'
import { type Departure, openOf, revokeOverlooked, revokePaths } from './revoke-gone.ts'
import { createSetBack } from './set-back.ts'
import { transact } from './transact.ts'

/** `following`: by repository; a process walks a branch once at a time, for whoever comes next may find it walked. */
export type FollowDeps = ReconcileDeps & { readonly following: Turns; readonly policies: PolicyCache }

/**
 * Follows the configured branch along its first parents from the last reconciled commit (trust.md 3.5):
 * a file that came with a pull request wakes that pull request's reconciler, one that came without is refused,
 * one that changed or went revokes. Policies that reach the branch change nothing by themselves (1.4): their
 * pull request's verdict accepts them, or nobody does.
 */
export const createBranchReconciler = (deps: FollowDeps) => {
  const revokeSetBack = createSetBack(deps)
  return {
    async look(key: string): Promise<void> {
      const repository = deps.settings.repositories.get(Number(key))
      if (repository === undefined) return
      try {
        await deps.following(repository.id, () => followBranch(deps, repository))
        await revokeSetBack(repository)
        await revokeStrangers(deps, repository)
        await untroubled(deps, wakeBranch(repository.id))
      } catch (error) {
        const trouble = troubleIn(error)
        const why = `branch ${repository.branch} of ${repository.fullName}: ${trouble?.message ?? error}`
        // Also a fault of ours: files that went revoke nothing until it is mended.
        await troubled(deps, wakeBranch(repository.id), why)
        throw trouble === undefined ? error : new Error(why, { cause: error })
      }
    },
  }
}

/**
 * From the cursor to the tip; throws what Git and GitHub throw.
 * @param seen a tip that was fetched before, and will do where the cursor is on the way to it
 */
export const followBranch = async (
  deps: ReconcileDeps,
  repository: RepositorySettings,
  seen?: Sha,
): Promise<void> => {
  const mirror = deps.git.mirror(repository.id)
  // The cursor first: a tip that is older than it would look like a rewritten branch.
  const known = await deps.store.branch(repository.id)
  // And what is granted: a grant that is given meanwhile lies on a later tip than this one.
  const open = await openOf(deps, repository)
  // The history before the accepted policies is not ours to judge.
  const cursor = known?.cursor ?? repository.firstAcceptedCommit
  const leads = async (to: Sha) =>
    cursor !== to && (await mirror.has(cursor)) && (await mirror.isAncestor(cursor, to))
  const tip = seen !== undefined && (await leads(seen)) ? seen : (await mirror.fetch([])).tip
  if (cursor === tip && known?.cursor !== undefined) {
    await revokeOverlooked(deps, repository, mirror, tip, open)
    return
  }
  const has = await mirror.has(cursor)
  const line = has ? await lineTo(mirror, cursor, tip) : undefined
  if (line?.from !== cursor) {
    deps.log.alert('branch.rewritten', {
      repository: repository.id,
      branch: repository.branch,
      from: cursor,
      to: tip,
    })
  }
  // What is not sealed yet, or waits for its verdict, is told by its row.
  const paths = async () => [...open, ...(await granted(deps, repository, isOpen))].map(({ path }) => path)
  const requests = await stepsBelow(mirror, 'requests/', line?.from ?? 'empty', line?.steps ?? [tip], paths)
  const added =
    line === undefined ? await strangers(deps, repository, additions(requests)) : additions(requests)
  const lost =
    line === undefined || line.from === cursor
      ? []
      : await stepsBelow(mirror, 'requests/', cursor, [tip], paths)
  const origins = await originsOf(deps.github.repository(repository.id), mirror, repository, added)
  const gone =
    line === undefined
      ? (await missing(deps, repository, mirror, tip)).map(({ path }) => ({ path, by: [] }))
      : [
          ...(await departures(deps.github.repository(repository.id), added)),
          // What a rewritten branch no longer holds as it did.
          ...lost.flatMap(({ changes }) => changes.filter(hadBefore)).map(({ path }) => ({ path, by: [] })),
        ]
  const from = line?.from ?? (await acceptedCommit(deps, repository))
  const below = (await mirror.has(from))
    ? await stepsBelow(mirror, 'policies/', from, line?.steps ?? [tip])
    : []
  const policies = await policySteps(deps, repository, mirror, below)
  await transact(deps, async (tx, deps) => {
    await deps.store.serialise(tx, `branch:${repository.id}`)
    const now = await deps.store.branch(repository.id)
    if (now?.cursor !== known?.cursor) {
      // Another worker was here meanwhile: what we saw is old.
      await deps.queue.wake([wakeBranch(repository.id)], tx)
      return
    }
    tellUnreadable(deps, repository, [...requests, ...lost, ...below])
    await revokePaths(deps, tx, repository, gone)
    for (const { change, commit, brought } of origins)
      if (!brought) await refuse(deps, tx, repository, change.path, commit)
    await refuseStrays(deps, tx, repository, policies)
    const wake = new Set(policies.flatMap(({ pulls }) => pulls.map(({ number }) => number)))
    for (const { number } of origins.flatMap(({ pulls }) => pulls)) {
      const row = await deps.store.pull(repository.id, number)
      const requests = await deps.store.requestsOfPull(repository.id, number)
      if (row === undefined || !(await isSettled(deps, repository, row, requests))) wake.add(number)
    }
    await deps.queue.wake(
      [...wake].map((number) => ({ ...wakePull(repository.id, number), urgent: deps.clock.now() })),
      tx,
    )
    await deps.store.saveBranch(tx, { repository: repository.id, cursor: tip })
  })
}

/** The first parents from the cursor, or from where a rewritten branch left it, to the tip, oldest first. */
const lineTo = async (
  mirror: Mirror,
  cursor: Sha,
  tip: Sha,
): Promise<{ readonly from: Sha; readonly steps: readonly Sha[] } | undefined> => {
  const onIt = await mirror.firstParents(cursor, tip)
  if (onIt !== undefined) return { from: cursor, steps: onIt }
  const from = await unlessTooLarge(mirror.mergeBase(cursor, tip))
  const steps = from === undefined ? undefined : await mirror.firstParents(from, tip)
  return from === undefined || steps === undefined ? undefined : { from, steps }
}

const hadBefore = ({ before }: Change): boolean => before !== undefined

type Addition = { readonly change: Change; readonly commit: Sha }

/** What each of these steps did to request files. */
export const additions = (steps: readonly Step[]): readonly Addition[] =>
  steps
    .flatMap(({ commit, changes }) => changes.map((change) => ({ change, commit })))
    .filter(({ change }) => canonicalPath(change.path).ok)

/**
 * Files that changed or went. A rebase, or a push by hand, brings the commits of a pull request one by one, and a
 * file that several of them wrote did not change afterwards.
 */
const departures = async (api: RepositoryApi, steps: readonly Addition[]): Promise<readonly Departure[]> => {
  const changed = steps.filter(({ change }) => hadBefore(change))
  return Promise.all(
    changed.map(async ({ change: { path }, commit }): Promise<Departure> => {
      const came = steps.find(({ change }) => change.path === path && change.before === undefined)
      if (came === undefined) return { path, by: [] }
      const [brought, tied] = await Promise.all([api.pullsOf(came.commit), api.pullsOf(commit)])
      const own = tied.filter(({ merged, number }) => merged && brought.some((one) => one.number === number))
      return { path, by: own.map(({ number }) => number) }
    }),
  )
}

const live: readonly GrantState[] = ['scheduled', 'provisioning', 'active', 'revoking', 'quarantined']

const granted = async (
  deps: ReconcileDeps,
  { id }: RepositorySettings,
  besides: (request: RequestRow) => boolean = () => false,
): Promise<readonly { readonly path: string; readonly blob: Sha }[]> =>
  (await deps.store.status({ repository: id })).flatMap(({ request, grant }) =>
    (grant !== undefined && live.includes(grant.state)) || besides(request) ? [request] : [],
  )

/** Without the history that we followed: files of live grants that the branch does not hold as they were granted. */
const missing = async (
  deps: ReconcileDeps,
  repository: RepositorySettings,
  mirror: Mirror,
  tip: Sha,
): Promise<readonly { readonly path: string }[]> => {
  const found: { readonly path: string }[] = []
  for (const one of await granted(deps, repository))
    if ((await unlessTooLarge(plainAt(mirror, tip, one.path))) !== one.blob) found.push(one)
  return found
}

/** And files that nobody ever asked us about. */
const strangers = async (
  deps: ReconcileDeps,
  repository: RepositorySettings,
  held: readonly Addition[],
): Promise<readonly Addition[]> => {
  const found: Addition[] = []
  for (const one of held) {
    const known = await deps.store.requestsOfPath(repository.id, one.change.path)
    if (known.length === 0) found.push(one)
  }
  return found
}

type Origin = Addition & { readonly pulls: readonly PullRequest[]; readonly brought: boolean }

/** The merged pull requests that GitHub ties to the commit a file came with, and whether one of them holds it. */
const originsOf = async (
  api: RepositoryApi,
  mirror: Mirror,
  repository: RepositorySettings,
  added: readonly Addition[],
): Promise<readonly Origin[]> => {
  const known = new Map<Sha, Promise<readonly PullRequest[]>>()
  // A merge made by hand can carry files that its pull request never had. A head that is not here says nothing.
  const holds = async ({ head }: PullRequest, path: string) =>
    !(await mirror.has(head.sha)) || (await unlessTooLarge(mirror.entry(head.sha, path))) !== undefined
  const fresh = added.filter(({ change }) => change.before === undefined)
  return Promise.all(
    fresh.map(async (addition) => {
      const asked = known.get(addition.commit) ?? api.pullsOf(addition.commit)
      known.set(addition.commit, asked)
      const pulls = (await asked).filter(({ merged, base }) => merged && base.ref === repository.branch)
      const holding = await Promise.all(pulls.map((pull) => holds(pull, addition.change.path)))
      return { ...addition, pulls, brought: holding.includes(true) }
    }),
  )
}

/** On the branch without a pull request: never a grant. */
const refuse = async (
  deps: ReconcileDeps,
  tx: Tx,
  repository: RepositorySettings,
  path: string,
  commit: Sha,
): Promise<void> => {
  const id = requestId(repository.id, 0, path)
  // Another hand's must not stand in for ours, nor an earlier time that somebody pushed this path.
  const said = ({ event }: Sealed) =>
    event.type === 'grant.refused' && event.commit === commit && deps.keys.verify(event)
  if ((await deps.ledger.remains(id)).some(said)) return
  const why = 'pushed to the branch without a pull request'
  await deps.ledger.stage(
    tx,
    deps.keys.sign(
      requestEvent(
        'grant.refused',
        deps.clock.now(),
        gitsudo,
        { id, repository: repository.id, pull: 0, commit },
        { path, why },
      ),
    ),
  )
  deps.log.alert('grant.refused', { request: id, repository: repository.id, path, commit, why })
}

/** Once for each commit: the cursor moves on. */
const tellUnreadable = (
  deps: Pick<ReconcileDeps, 'log'>,
  { id, branch }: RepositorySettings,
  steps: readonly Step[],
): void => {
  const why =
    'it changes more than is read: nothing that it brings counts, and a grant whose file it took or hides is revoked; ' +
    `find who brought it, and if ${branch} still holds it remove it by a push: no check can read a pull request that does`
  for (const commit of new Set(steps.filter(({ unreadable }) => unreadable).map((step) => step.commit)))
    deps.log.alert('branch.unreadable', { repository: id, branch, commit, why })
}

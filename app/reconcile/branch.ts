import { gitsudo } from '../grant/events.ts'
import { requestId } from '../request/id.ts'
import { canonicalPath } from '../request/path.ts'
import type { ReconcileDeps } from './deps.ts'
import { wakePull } from './key.ts'
import { asTrouble } from './observe/trouble.ts'
import type { Change, Mirror, Sha } from './ports/git.ts'
import type { PullRequest, RepositoryApi } from './ports/github.ts'
import type { WakeUp } from './ports/queue.ts'
import type { RepositorySettings } from './ports/settings.ts'
import type { Tx } from './ports/store.ts'
import { requestEvent } from './pull-request/events.ts'
import { askRevoke } from './revoke.ts'

/**
 * Follows the configured branch along its first parents from the last reconciled commit (trust.md 3.5):
 * a file that came with a pull request wakes that pull request's reconciler, one that came without is refused,
 * one that changed or went revokes. Policies that reach the branch change nothing by themselves (1.4).
 */
export const createBranchReconciler = (deps: ReconcileDeps) => ({
  async look(key: string): Promise<void> {
    const repository = deps.settings.repositories.get(Number(key))
    if (repository === undefined) return
    try {
      await follow(deps, repository)
    } catch (error) {
      throw new Error(`branch ${repository.branch} of ${repository.fullName}: ${asTrouble(error).message}`, {
        cause: error,
      })
    }
  },
})

const follow = async (deps: ReconcileDeps, repository: RepositorySettings): Promise<void> => {
  const mirror = deps.git.mirror(repository.id)
  const { tip } = await mirror.fetch([])
  const known = await deps.store.branch(repository.id)
  // The history before the accepted policies is not ours to judge.
  const cursor = known?.cursor ?? repository.firstAcceptedCommit
  if (cursor === tip && known?.cursor !== undefined) return
  const steps = (await mirror.has(cursor)) ? await mirror.firstParents(cursor, tip) : undefined
  if (steps === undefined) {
    deps.log.alert('branch.rewritten', {
      repository: repository.id,
      branch: repository.branch,
      from: cursor,
      to: tip,
    })
  }
  const added = await additions(mirror, cursor, steps ?? [tip])
  const origins = await originsOf(deps.github.repository(repository.id), repository, added)
  // Against what the branch held before: a rewritten branch may have lost files without a step that says so.
  const gone = (await mirror.has(cursor))
    ? (await mirror.changes(cursor, tip, 'requests/')).filter(({ before }) => before !== undefined)
    : []
  const passing = added.filter(({ change }) => change.before !== undefined).map(({ change }) => change)
  const policies = (await mirror.has(cursor)) ? await mirror.changes(cursor, tip, 'policies/') : []
  if (policies.length > 0) {
    deps.log.alert('policy.not_accepted', {
      repository: repository.id,
      tip,
      paths: policies.map(({ path }) => path),
      why: 'policies changed on the branch; the accepted policy commit stays in force',
    })
  }
  await deps.store.transaction(async (tx) => {
    await deps.store.serialise(tx, `branch:${repository.id}`)
    for (const { path } of [...gone, ...passing]) await revokePath(deps, tx, repository, path)
    const wake: WakeUp[] = []
    for (const { change, commit, pull } of origins) {
      if (pull !== undefined) wake.push(wakePull(repository.id, pull.number))
      else await refuse(deps, tx, repository, change.path, commit)
    }
    await deps.queue.wake(wake, tx)
    await deps.store.saveBranch(tx, {
      repository: repository.id,
      cursor: tip,
      ...(known?.acceptedCommit === undefined ? {} : { acceptedCommit: known.acceptedCommit }),
    })
  })
}

type Addition = { readonly change: Change; readonly commit: Sha }

/** What each step along the first parents did under `requests/`. */
const additions = async (
  mirror: Mirror,
  cursor: Sha,
  steps: readonly Sha[],
): Promise<readonly Addition[]> => {
  const found: Addition[] = []
  let before = cursor
  for (const commit of steps) {
    const from = (await mirror.has(before)) ? before : 'empty'
    for (const change of await mirror.changes(from, commit, 'requests/')) found.push({ change, commit })
    before = commit
  }
  return found.filter(({ change }) => canonicalPath(change.path).ok)
}

/** The merged pull request that GitHub ties to the commit a file came with, if there is one. */
const originsOf = async (
  api: RepositoryApi,
  repository: RepositorySettings,
  added: readonly Addition[],
): Promise<readonly (Addition & { readonly pull: PullRequest | undefined })[]> => {
  const pulls = new Map<Sha, Promise<readonly PullRequest[]>>()
  const fresh = added.filter(({ change }) => change.before === undefined)
  return Promise.all(
    fresh.map(async (addition) => {
      const asked = pulls.get(addition.commit) ?? api.pullsOf(addition.commit)
      pulls.set(addition.commit, asked)
      const pull = (await asked).find(({ merged, base }) => merged && base.ref === repository.branch)
      return { ...addition, pull }
    }),
  )
}

/** A request file on the branch that changed or went, by whatever means, revokes (trust.md 3.4). */
const revokePath = async (
  deps: ReconcileDeps,
  tx: Tx,
  repository: RepositorySettings,
  path: string,
): Promise<void> => {
  for (const row of await deps.store.requestsOfPath(repository.id, path)) {
    if ((await deps.store.revokeAsked(row.id)) !== undefined) continue
    const by = { kind: 'system' as const, id: 'branch' }
    await askRevoke(
      deps,
      { grant: row.id, by, why: `${path} changed or left ${repository.branch}`, askedAt: deps.clock.now() },
      tx,
    )
  }
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
  if ((await deps.ledger.history(id)).some(({ event }) => event.type === 'grant.refused')) return
  const why = 'pushed to the branch without a pull request'
  await deps.ledger.stage(
    tx,
    requestEvent(
      'grant.refused',
      deps.clock.now(),
      gitsudo,
      { id, repository: repository.id, pull: 0, commit },
      { path, why },
    ),
  )
  deps.log.alert('grant.refused', { request: id, repository: repository.id, path, commit, why })
}

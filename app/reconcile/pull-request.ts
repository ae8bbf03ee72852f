import type { Decision } from '../decision/decision.ts'
import { readPullKey, wakePublish, wakePull } from './key.ts'
import { troubled, untroubled } from './lasting-trouble.ts'
import type { ObserveDeps } from './observe/pull.ts'
import { wakeSharing } from './observe/sharing.ts'
import { asTrouble, Trouble } from './observe/trouble.ts'
import { inForce } from './policies.ts'
import { GitError } from './ports/git.ts'
import { GitHubError, type PullRequest } from './ports/github.ts'
import type { RepositorySettings } from './ports/settings.ts'
import type { PullRow, RequestRow } from './ports/store.ts'
import { revokeByComment } from './pull-request/comments.ts'
import { cancel, forecast, savePull } from './pull-request/forecast.ts'
import { lapse, outlived } from './pull-request/lapse.ts'
import { isOpen } from './pull-request/rows.ts'
import { believed } from './pull-request/said.ts'
import { isSettled } from './pull-request/settled.ts'
import { startDue } from './pull-request/start.ts'
import { refuseLate, verdictAtMerge } from './pull-request/verdict.ts'
import { voidUpTo } from './pull-request/void-up-to.ts'

const retryMs = 15_000
/** For what only a push, a person or another configuration can end, and for what has lasted. */
const lastingMs = 5 * 60_000
/** What is to be said goes first where GitHub asks to wait: whatever meets its limit again holds every write. */
const sayFirstMs = 5_000

/** Looks at one pull request afresh, whatever woke it, and settles what follows (app/DESIGN.md). */
export const createPullReconciler = (deps: ObserveDeps) => ({
  async look(key: string): Promise<void> {
    const at = readPullKey(key)
    const repository = deps.settings.repositories.get(at.repository)
    if (repository === undefined) {
      deps.log.warn('a wake-up for a repository that is not configured', at)
      return
    }
    const rows = await deps.store.requestsOfPull(at.repository, at.pull)
    // First, for it needs nobody but the store: access is taken away while GitHub is in trouble, too.
    await revokeByComment(deps, repository.id, at.pull, rows)
    let pull: PullRequest | undefined
    const ask = async () => {
      pull = await deps.github.repository(repository.id).pull(at.pull)
      if (pull.merged && pull.mergeCommit === undefined)
        throw new Trouble('GitHub says that it is merged, and names no merge commit')
      if (pull.merged && pull.mergedAt === undefined)
        throw new Trouble('GitHub says that it is merged, and names no time of it')
      return pull
    }
    try {
      const known = await deps.store.pull(repository.id, at.pull)
      const decided =
        known !== undefined && (await isSettled(deps, repository, known, rows))
          ? await goOn(deps, repository, known, rows, ask)
          : await settle(deps, repository, await ask(), known, rows)
      if (decided) await untroubled(deps, wakePull(repository.id, at.pull))
      const now = await deps.store.requestsOfPull(at.repository, at.pull)
      if (now.some(({ id }) => !rows.some((row) => row.id === id)))
        await revokeByComment(deps, repository.id, at.pull, now)
    } catch (error) {
      await notYet(deps, repository, at.pull, pull, rows, asTrouble(error))
    }
  },
})

/** After the verdict: nothing that GitHub says changes it, so it is asked only for what starts now. */
const goOn = async (
  deps: ObserveDeps,
  repository: RepositorySettings,
  known: PullRow,
  rows: readonly RequestRow[],
  ask: () => Promise<PullRequest>,
): Promise<true> => {
  // A worker that died after an acceptance has left it to us to load it.
  if (known.decision.policies !== undefined) await inForce(deps, repository)
  await startDue(deps, repository, rows, ask)
  await rest(deps, repository.id, known.pull)
  return true
}

/** @returns whether there is a verdict, or none is needed */
const settle = async (
  deps: ObserveDeps,
  repository: RepositorySettings,
  pull: PullRequest,
  known: PullRow | undefined,
  saved: readonly RequestRow[],
): Promise<boolean> => {
  const rows = await believed(deps, saved)
  const reviewsFrom = await reopenedAt(deps, repository.id, pull, known, rows)
  if (pull.merged) {
    await verdictAtMerge(deps, repository, pull, reviewsFrom)
    return true
  }
  if (pull.state === 'closed') {
    await deps.store.transaction(async (tx) => {
      for (const row of rows) if (isOpen(row)) await cancel(deps, tx, row, pull)
      if (known?.open || known?.lookAt !== undefined)
        await savePull(deps, tx, repository.id, pull, known.decision)
      const at = { repository: repository.id, pull: pull.number }
      if (known?.open) await wakeSharing(deps, tx, at, known.decision, undefined)
    })
    return true
  }
  if (await lapse(deps, repository, pull, rows)) return true
  const { verdict } = await forecast(deps, repository, pull, rows, reviewsFrom)
  // What is denied does not lapse, but an approval that comes after its time revives nothing.
  if (rows.some(({ openedAt }) => outlived(deps, openedAt, deps.clock.now()))) {
    const now = await deps.store.requestsOfPull(repository.id, pull.number)
    if (await lapse(deps, repository, pull, now)) return true
  }
  return verdict !== 'not_yet'
}

/** Trouble is over: nothing more to look for. */
const rest = async (deps: ObserveDeps, repository: number, number: number): Promise<void> => {
  const known = await deps.store.pull(repository, number)
  if (known?.lookAt === undefined) return
  const { lookAt: _, ...row } = known
  await deps.store.transaction((tx) => deps.store.savePull(tx, row))
}

/** Reopening starts over (trust.md 6.23): when, by the signed payloads, or now where that payload was lost. */
const reopenedAt = async (
  deps: ObserveDeps,
  repository: number,
  pull: PullRequest,
  row: PullRow | undefined,
  rows: readonly RequestRow[],
): Promise<number | undefined> => {
  const last = await voidUpTo(deps, { repository, pull: pull.number }, row, rows)
  const wasClosed = pull.state === 'open' && row?.open === false
  // The payload of an earlier reopening says nothing about this one.
  return wasClosed && (last === undefined || last <= row.decision.at) ? deps.clock.now() : last
}

/** Trouble is no verdict (trust.md 3.12): what is missing is named, shown, and looked for again. */
const notYet = async (
  deps: ObserveDeps,
  repository: RepositorySettings,
  number: number,
  pull: PullRequest | undefined,
  rows: readonly RequestRow[],
  trouble: Trouble,
): Promise<void> => {
  const now = deps.clock.now()
  deps.log.warn('not yet', { repository: repository.id, pull: number, why: trouble.message })
  const long = await troubled(deps, wakePull(repository.id, number), trouble.message)
  const windowEnd = pull?.merged === true ? (pull.mergedAt ?? now) + deps.settings.grantWindowMs : 0
  const asked = trouble.retryAt === undefined ? 0 : trouble.retryAt + sayFirstMs
  const later = Math.max(now + (long || lasts(trouble) ? lastingMs : retryMs), asked)
  const lookAt = windowEnd < now ? later : Math.min(later, windowEnd + 1)
  const known = await deps.store.pull(repository.id, number)
  if (known !== undefined && (await isSettled(deps, repository, known, rows))) {
    await deps.store.transaction((tx) => deps.store.savePull(tx, { ...known, lookAt }))
    return
  }
  const decision: Decision = {
    at: now,
    moment: 'forecast',
    repository: repository.id,
    pull: number,
    headSha: pull?.head.sha ?? known?.headSha ?? '',
    ...(known?.decision.policyCommit === undefined ? {} : { policyCommit: known.decision.policyCommit }),
    verdict: 'not_yet',
    summary: trouble.message,
    tree: {
      rule: '3.12',
      title: 'Everything needed could be established',
      outcome: 'unknown',
      needed: 'every fact',
      had: trouble.message,
      children: [],
    },
    requests: known?.decision.requests ?? [],
    ...(known?.decision.policies === undefined ? {} : { policies: known.decision.policies }),
    ...(known?.decision.named === undefined ? {} : { named: known.decision.named }),
  }
  // A ledger that lost events does not say what was granted already.
  const { broken } = await deps.ledger.standing()
  if (pull?.merged === true && now > windowEnd && rows.length > 0 && broken === undefined) {
    await refuseLate(deps, repository, pull, rows, decision, lookAt)
    return
  }
  await deps.store.transaction(async (tx) => {
    if (pull !== undefined) {
      // Still closed for us until the look that follows its reopening has come through.
      const still = known?.open === false ? { ...pull, state: 'closed' as const } : pull
      await savePull(deps, tx, repository.id, still, decision, lookAt)
    } else if (known !== undefined) {
      // What passed before must neither merge nor stay green; by a closed one's decision its reopening is known.
      await deps.store.savePull(tx, { ...known, ...(known.open ? { decision } : {}), lookAt })
      await deps.queue.wake([wakePublish(repository.id, number)], tx)
    } else {
      throw new Error(`pull request ${number} cannot be read: ${trouble.message}`, { cause: trouble })
    }
  })
}

/** Whether trying again soon is no use: what is wrong stays so until somebody does something, which wakes us. */
const lasts = ({ cause }: Trouble): boolean =>
  (cause instanceof GitError && cause.code === 'too_large') ||
  (cause instanceof GitHubError && (cause.code === 'forbidden' || cause.code === 'not_found'))

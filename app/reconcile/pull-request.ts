import type { Decision } from '../decision/decision.ts'
import { gitsudo } from '../grant/events.ts'
import { moveRequest } from '../grant/moves.ts'
import { readPullKey } from './key.ts'
import type { ObserveDeps } from './observe/pull.ts'
import { asTrouble, type Trouble } from './observe/trouble.ts'
import type { PullRequest } from './ports/github.ts'
import type { RepositorySettings } from './ports/settings.ts'
import type { RequestRow } from './ports/store.ts'
import { revokeByComment } from './pull-request/comments.ts'
import { requestEvent } from './pull-request/events.ts'
import { cancel, forecast, saved, savePull } from './pull-request/forecast.ts'
import { startDue } from './pull-request/start.ts'
import { refuseLate, verdictAtMerge } from './pull-request/verdict.ts'

const retryMs = 15_000

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
    let pull: PullRequest | undefined
    try {
      pull = await deps.github.repository(repository.id).pull(at.pull)
      await settle(deps, repository, pull, rows)
      await revokeByComment(
        deps,
        repository.id,
        pull.number,
        await deps.store.requestsOfPull(at.repository, at.pull),
      )
    } catch (error) {
      await notYet(deps, repository, at.pull, pull, rows, asTrouble(error))
    }
  },
})

const settle = async (
  deps: ObserveDeps,
  repository: RepositorySettings,
  pull: PullRequest,
  rows: readonly RequestRow[],
): Promise<void> => {
  const reviewsFrom = await reopenedAt(deps, repository.id, pull, rows)
  if (pull.merged) {
    const known = await deps.store.pull(repository.id, pull.number)
    const final =
      known !== undefined && known.decision.moment !== 'forecast' && known.decision.verdict !== 'not_yet'
    if (final) await startDue(deps, repository, pull, rows)
    else await verdictAtMerge(deps, repository, pull, reviewsFrom)
    return
  }
  if (pull.state === 'closed') {
    await deps.store.transaction(async (tx) => {
      for (const row of rows)
        if (['pending', 'approved', 'denied'].includes(row.state)) await cancel(deps, tx, row, pull)
    })
    return
  }
  if (await lapse(deps, repository, pull, rows)) return
  await forecast(deps, repository, pull, rows, reviewsFrom)
}

/** Reopening starts over (trust.md 6.23): when, by the signed payloads, or now where that payload was lost. */
const reopenedAt = async (
  deps: ObserveDeps,
  repository: number,
  pull: PullRequest,
  rows: readonly RequestRow[],
): Promise<number | undefined> => {
  const { valid } = await deps.store.deliveriesOfPull(repository, pull.number, ['pull_request'])
  const told = valid.flatMap(({ body }) => {
    const payload = deps.payloads.pullRequest(body)
    return payload?.action === 'reopened' ? [payload.updatedAt] : []
  })
  const known = [
    ...told,
    ...rows.flatMap(({ reviewsFrom }) => (reviewsFrom === undefined ? [] : [reviewsFrom])),
  ]
  if (known.length > 0) return Math.max(...known)
  const wasClosed = pull.state === 'open' && rows.some(({ state }) => state === 'cancelled')
  return wasClosed ? deps.clock.now() : undefined
}

/** Open longer than `pendingTtl`: closed, for good. */
const lapse = async (
  deps: ObserveDeps,
  repository: RepositorySettings,
  pull: PullRequest,
  rows: readonly RequestRow[],
): Promise<boolean> => {
  const now = deps.clock.now()
  const old = rows.filter(
    ({ state, openedAt }) =>
      ['pending', 'approved'].includes(state) && now >= openedAt + deps.settings.pendingTtlMs,
  )
  if (old.length === 0) return false
  await deps.store.transaction(async (tx) => {
    for (const { lookAt: _, ...row } of old) {
      if (row.state === 'approved') moveRequest('approved', 'pending')
      const state = moveRequest('pending', 'lapsed')
      await saved(deps, tx, { ...row, state })
      const of = { id: row.id, repository: row.repository, pull: row.pull, commit: pull.head.sha }
      await deps.ledger.stage(
        tx,
        requestEvent('request.lapsed', now, gitsudo, of, { path: row.path, opened_at: row.openedAt }),
      )
    }
  })
  const api = deps.github.repository(repository.id)
  await api.createComment(
    pull.number,
    'This request was open longer than allowed and has lapsed. Open a new one if the access is still needed.',
  )
  await api.close(pull.number)
  return true
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
  const lookAt = Math.max(now + retryMs, trouble.retryAt ?? 0)
  deps.log.warn('not yet', { repository: repository.id, pull: number, why: trouble.message })
  const known = await deps.store.pull(repository.id, number)
  const decision: Decision = {
    at: now,
    moment: 'forecast',
    repository: repository.id,
    pull: number,
    headSha: pull?.head.sha ?? known?.headSha ?? '',
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
  }
  if (
    pull?.merged === true &&
    now > (pull.mergedAt ?? now) + deps.settings.grantWindowMs &&
    rows.length > 0
  ) {
    await refuseLate(deps, repository, pull, rows, decision)
    return
  }
  await deps.store.transaction(async (tx) => {
    if (pull !== undefined) {
      await savePull(deps, tx, repository.id, pull, decision, lookAt)
    } else if (known !== undefined) {
      await deps.store.savePull(tx, { ...known, lookAt })
    } else {
      throw new Error(`pull request ${number} cannot be read: ${trouble.message}`, { cause: trouble })
    }
  })
}

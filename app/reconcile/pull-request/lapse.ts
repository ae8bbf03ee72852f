import { gitsudo } from '../../grant/events.ts'
import { moveRequest } from '../../grant/moves.ts'
import { writeInstant } from '../../request/instant.ts'
import type { ReconcileDeps } from '../deps.ts'
import { wakePublish } from '../key.ts'
import type { PullRequest } from '../ports/github.ts'
import type { RepositorySettings } from '../ports/settings.ts'
import type { RequestRow } from '../ports/store.ts'
import { requestEvent } from './events.ts'
import { saved } from './forecast.ts'

/** Whether what is open since then was so longer than `pendingTtl` (trust.md 7.03). Times: epoch ms */
export const outlived = (
  { settings }: Pick<ReconcileDeps, 'settings'>,
  openedAt: number,
  at: number,
): boolean => at >= openedAt + settings.pendingTtlMs

/** Open longer than `pendingTtl`: closed, for good, however often somebody opens it again. */
export const lapse = async (
  deps: ReconcileDeps,
  repository: RepositorySettings,
  pull: PullRequest,
  rows: readonly RequestRow[],
): Promise<boolean> => {
  const now = deps.clock.now()
  const old = rows.filter(
    ({ state, openedAt }) => ['pending', 'approved'].includes(state) && outlived(deps, openedAt, now),
  )
  if (old.length === 0 && !rows.some(({ state }) => state === 'lapsed')) return false
  await deps.store.transaction(async (tx) => {
    for (const { lookAt: _, ...row } of old) {
      if (row.state === 'approved') moveRequest('approved', 'pending')
      const state = moveRequest('pending', 'lapsed')
      await saved(deps, tx, { ...row, state })
      const of = { id: row.id, repository: row.repository, pull: row.pull, commit: pull.head.sha }
      await deps.ledger.stage(
        tx,
        requestEvent('request.lapsed', now, gitsudo, of, {
          path: row.path,
          opened_at: writeInstant(row.openedAt),
        }),
      )
    }
    await deps.queue.wake([wakePublish(repository.id, pull.number)], tx)
  })
  await deps.github.repository(repository.id).close(pull.number)
  const known = await deps.store.pull(repository.id, pull.number)
  if (known !== undefined) {
    const { lookAt: _, ...row } = known
    await deps.store.transaction((tx) => deps.store.savePull(tx, { ...row, open: false }))
  }
  return true
}

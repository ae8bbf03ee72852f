import type { Decision } from '../../decision/decision.ts'
import type { ReconcileDeps } from '../deps.ts'
import { wakePull } from '../key.ts'
import type { Sha } from '../ports/git.ts'
import type { Tx } from '../ports/store.ts'

type Deps = Pick<ReconcileDeps, 'store' | 'queue'>

/** Other open pull requests with this very head, as last looked at (trust.md 6.06a). */
export const othersAt = async (
  { store }: Pick<Deps, 'store'>,
  repository: number,
  pull: number,
  head: Sha,
): Promise<readonly number[]> =>
  (await store.openPullsAt(repository, head)).filter((number) => number !== pull)

/** Whether a decision says that another pull request has the same head. */
export const sharesHead = ({ tree }: Decision): boolean => tree.children.some(({ rule }) => rule === '6.06a')

/**
 * Has those looked at again whose company changes by what is saved now: who shared the head that this pull request
 * had, and who shares the one that it has. One transaction a head at a time, so that of two that come together the
 * second sees the first.
 * @param now undefined: it is not open any longer
 */
export const wakeSharing = async (
  deps: Deps,
  tx: Tx,
  at: { readonly repository: number; readonly pull: number },
  before: Decision | undefined,
  now: Decision | undefined,
): Promise<void> => {
  const left = before !== undefined && before.headSha !== now?.headSha ? before.headSha : undefined
  const wake = new Set<number>()
  for (const head of [left, now?.headSha]) {
    if (head === undefined || head === '') continue
    await deps.store.serialise(tx, `head:${at.repository}:${head}`)
    const others = await othersAt(deps, at.repository, at.pull, head)
    if (head === left) for (const other of others) wake.add(other)
    else if (others.length > 0 && now !== undefined) {
      const known = before?.headSha === head && sharesHead(before)
      if (!known) for (const other of others) wake.add(other)
      if (!sharesHead(now)) wake.add(at.pull)
    }
  }
  await deps.queue.wake(
    [...wake].map((pull) => wakePull(at.repository, pull)),
    tx,
  )
}

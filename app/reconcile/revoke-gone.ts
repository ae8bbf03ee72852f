import type { Intent } from '../grant/intent.ts'
import type { ReconcileDeps } from './deps.ts'
import { plainAt } from './observe/plain-at.ts'
import { type Mirror, type Sha, unlessTooLarge } from './ports/git.ts'
import type { RepositorySettings } from './ports/settings.ts'
import type { Tx } from './ports/store.ts'
import { askRevoke } from './revoke.ts'

/** A request file that changed or went. */
export type Departure = {
  readonly path: string
  /** The pull requests that brought the file themselves, in several steps: what they left is what was approved. */
  readonly by: readonly number[]
}

/** Request files on the branch that changed or went, by whatever means, revoke (trust.md 3.4). */
export const revokePaths = async (
  deps: ReconcileDeps,
  tx: Tx,
  repository: RepositorySettings,
  gone: readonly Departure[],
): Promise<void> => {
  if (gone.length === 0) return
  // What was granted is known without its row, which somebody may have hidden (trust.md 5.2).
  const granted = Map.groupBy(await openOf(deps, repository), ({ path }) => path)
  for (const { path, by } of gone) {
    const rows = await deps.store.requestsOfPath(repository.id, path)
    const known = (granted.get(path) ?? []).map(({ grant: id, pull }) => ({ id, pull }))
    const grants = [...rows, ...known].flatMap(({ id, pull }) => (by.includes(pull) ? [] : [id]))
    for (const grant of new Set(grants)) {
      if (typeof (await deps.store.revokeAsked(grant)) === 'object') continue
      const branch = { kind: 'system' as const, id: 'branch' }
      const why = `${path} changed or left ${repository.branch}`
      await askRevoke(deps, { grant, by: branch, why, askedAt: deps.clock.now() }, tx)
    }
  }
}

/**
 * The cursor is a row and proves nothing (trust.md 5.2): whoever sets it on what deleted a file hides that from the
 * walk, but not from here, where the tip is held against what the ledger leaves open.
 */
export const revokeOverlooked = async (
  deps: ReconcileDeps,
  repository: RepositorySettings,
  mirror: Mirror,
  tip: Sha,
  open: readonly Intent[],
): Promise<void> => {
  const paths = new Set<string>()
  for (const { path, blob } of open) {
    if ((await unlessTooLarge(plainAt(mirror, tip, path))) !== blob) paths.add(path)
  }
  if (paths.size === 0) return
  const gone = [...paths].map((path) => ({ path, by: [] }))
  await deps.store.transaction((tx) => revokePaths(deps, tx, repository, gone))
}

/** What the ledger leaves open of a repository now; what it says goes on changing. */
export const openOf = async (
  deps: Pick<ReconcileDeps, 'ledger'>,
  { id }: Pick<RepositorySettings, 'id'>,
): Promise<readonly Intent[]> =>
  [...(await deps.ledger.standing()).open.values()].flatMap(({ intent }) =>
    intent.repository === id ? [intent] : [],
  )

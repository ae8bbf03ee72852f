import type { LedgerEvent } from '../audit/event.ts'
import { gitsudo } from '../grant/events.ts'
import { writeInstant } from '../request/instant.ts'
import type { ReconcileDeps } from './deps.ts'
import { acceptedCommit, type PolicyCache } from './observe/policies.ts'
import type { PolicySet } from './ports/evaluator.ts'
import type { RepositorySettings } from './ports/settings.ts'
import type { Tx } from './ports/store.ts'
import { askRevoke } from './revoke.ts'

/**
 * Loads the accepted policies of a repository, makes `policies` list them, and records `policy.loaded` when the
 * ledger's last word on this repository was another commit. Throws what Git and the loader throw.
 */
export const loadAccepted = async (
  deps: Pick<ReconcileDeps, 'store' | 'ledger' | 'queue' | 'clock'> & { readonly policies: PolicyCache },
  repository: RepositorySettings,
): Promise<PolicySet> => {
  const commit = await acceptedCommit(deps, repository)
  const set = await deps.policies.get(repository.id, commit)
  await deps.store.transaction(async (tx) => {
    await deps.store.serialise(tx, `policies:${repository.id}`)
    await deps.store.recordPolicies(
      tx,
      repository.id,
      set.policies.map(({ name, type }) => ({
        name,
        type: type === 'eligibility' ? 'ELIGIBILITY' : 'APPROVAL',
      })),
    )
    if ((await lastLoaded(deps, repository.id)) === commit) return
    await deps.ledger.stage(tx, loadedEvent(set, repository.id, deps.clock.now()))
    await revokeOfStrangers(deps, tx, repository.id, set)
  })
  return set
}

/** Whoever is no longer in identities, or is blocked, loses live and scheduled grants (trust.md 3.10). */
const revokeOfStrangers = async (
  deps: Pick<ReconcileDeps, 'store' | 'queue' | 'clock'>,
  tx: Tx,
  repository: number,
  { commit, directory }: PolicySet,
): Promise<void> => {
  for (const state of ['scheduled', 'provisioning', 'active'] as const) {
    for (const { grant } of await deps.store.status({ repository, state })) {
      if (grant === undefined || directory.byId(grant.requester.id)?.blocked === false) continue
      const by = { kind: 'system' as const, id: 'policies' }
      const why = `${grant.requester.login} is not in identities, or is blocked, since ${commit.slice(0, 10)}`
      await askRevoke(deps, { grant: grant.id, by, why, askedAt: deps.clock.now() }, tx)
    }
  }
}

const lastLoaded = async (
  deps: Pick<ReconcileDeps, 'ledger'>,
  repository: number,
): Promise<string | undefined> => {
  const waiting = (await deps.ledger.waiting('policy.loaded')).filter(({ repo }) => repo === repository)
  let last: string | undefined
  for await (const { event } of deps.ledger.read({ types: ['policy.loaded'] })) {
    if (event.repo === repository) last = event.commit
  }
  return waiting.at(-1)?.commit ?? last
}

const loadedEvent = (set: PolicySet, repository: number, at: number): LedgerEvent => ({
  v: 1,
  type: 'policy.loaded',
  at: writeInstant(at),
  actor: gitsudo,
  repo: repository,
  commit: set.commit,
  data: {
    data: set.dataDigest,
    policies: set.policies.map(({ name, type, wasm }) => ({ name, type, wasm })),
  },
})

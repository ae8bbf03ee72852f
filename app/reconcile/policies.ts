import type { EventType, LedgerEvent } from '../audit/event.ts'
import { foldPolicyLedger, type PolicyLedger } from '../decision/policy-ledger.ts'
import { gitsudo } from '../grant/events.ts'
import { writeInstant } from '../request/instant.ts'
import type { ReconcileDeps } from './deps.ts'
import type { PolicyCache } from './observe/policies.ts'
import type { PolicySet } from './ports/evaluator.ts'
import type { Keys } from './ports/keys.ts'
import type { RepositorySettings } from './ports/settings.ts'
import type { Tx } from './ports/store.ts'
import { askRevoke } from './revoke.ts'
import { wakeWaiting } from './wake-waiting.ts'

type LedgerDeps = Pick<ReconcileDeps, 'ledger' | 'keys'>
type LoadDeps = LedgerDeps &
  Pick<ReconcileDeps, 'store' | 'queue' | 'clock'> & { readonly policies: PolicyCache }

const types: readonly EventType[] = ['policy.accepted', 'policy.refused', 'policy.loaded']

/**
 * What sealed and signed events say of a repository's policies: the only authority for the accepted commit
 * (trust.md 1.3, 5). What was loaded counts from its staging on, for it is certain to be sealed.
 */
export const policyLedger = async (
  { ledger, keys }: LedgerDeps,
  { id, firstAcceptedCommit }: RepositorySettings,
): Promise<PolicyLedger> => {
  const waiting = (await ledger.waiting('policy.loaded')).filter(({ repo }) => repo === id)
  const events: LedgerEvent[] = []
  for await (const { event, leaf } of ledger.read({ repository: id, types })) {
    if (event.repo === id && signed(keys, event, leaf)) events.push(event)
  }
  return foldPolicyLedger(firstAcceptedCommit, [...events, ...waiting.filter((event) => keys.verify(event))])
}

/** Whose signature held holds for ever: the leaf is the event's own bytes, hashed anew at each read. */
const signed = (keys: Keys, event: LedgerEvent, leaf: Uint8Array): boolean => {
  const held = heldBy.get(keys) ?? new Set()
  heldBy.set(keys, held)
  const id = Buffer.from(leaf).toString('hex')
  if (!held.has(id) && keys.verify(event)) held.add(id)
  return held.has(id)
}
const heldBy = new WeakMap<Keys, Set<string>>()

/** The accepted policy commit in force now (trust.md 1.5). */
export const acceptedCommit = async (deps: LedgerDeps, repository: RepositorySettings): Promise<string> =>
  (await policyLedger(deps, repository)).accepted

export type InForce = {
  readonly commit: string
  /** When it took the place of an earlier one; undefined for the first (epoch ms). */
  readonly since?: number
  readonly loadedAt: PolicyLedger['loadedAt']
}

/** The accepted commit, recorded as loaded if it was not yet: whoever looks first after an acceptance loads. */
export const inForce = async (deps: LoadDeps, repository: RepositorySettings): Promise<InForce> => {
  let known = await policyLedger(deps, repository)
  if (known.lastLoaded !== known.accepted) {
    await loadAccepted(deps, repository)
    known = await policyLedger(deps, repository)
  }
  const { accepted: commit, loadedAt } = known
  const since = loadedAt.get(commit)
  const first = commit === repository.firstAcceptedCommit && loadedAt.size <= 1
  return { commit, loadedAt, ...(first || since === undefined ? {} : { since }) }
}

/**
 * Loads the accepted policies of a repository, makes `policies` list them, and records `policy.loaded` when the
 * ledger's last word on this repository was another commit; then everything that waits is decided anew (trust.md
 * 1.9). Throws what Git and the loader throw.
 */
export const loadAccepted = async (deps: LoadDeps, repository: RepositorySettings): Promise<PolicySet> => {
  const { accepted: commit } = await policyLedger(deps, repository)
  const set = await deps.policies.get(repository.id, commit)
  await deps.store.transaction(async (tx) => {
    await deps.store.serialise(tx, `policies:${repository.id}`)
    // No merge is being decided under the old policies while we look for grants of strangers.
    await deps.store.serialise(tx, `branch:${repository.id}`)
    const { accepted, lastLoaded } = await policyLedger(deps, repository)
    // A newer one was accepted meanwhile; whoever loads that one goes on.
    if (accepted !== commit) return
    await deps.store.recordPolicies(
      tx,
      repository.id,
      set.policies.map(({ name, type }) => ({
        name,
        type: type === 'eligibility' ? 'ELIGIBILITY' : 'APPROVAL',
      })),
    )
    if (lastLoaded === commit) return
    await deps.ledger.stage(tx, deps.keys.sign(loadedEvent(set, repository.id, deps.clock.now())))
    await revokeOfStrangers(deps, tx, repository.id, set)
    await wakeWaiting(deps, tx, repository.id)
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

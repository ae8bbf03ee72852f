import type { LedgerEvent } from '../audit/event.ts'
import { foldPolicyLedger, type PolicyLedger } from '../decision/policy-ledger.ts'
import { gitsudo } from '../grant/events.ts'
import type { Intent } from '../grant/intent.ts'
import type { Standing } from '../grant/standing.ts'
import { writeInstant } from '../request/instant.ts'
import type { ReconcileDeps } from './deps.ts'
import { openGrants } from './observe/grants.ts'
import type { PolicyCache } from './observe/policies.ts'
import { mustBeWhole } from './observe/trouble.ts'
import type { PolicySet } from './ports/evaluator.ts'
import type { RepositorySettings } from './ports/settings.ts'
import type { Tx } from './ports/store.ts'
import { askRevoke } from './revoke.ts'
import { wakeWaiting } from './wake-waiting.ts'

type LedgerDeps = Pick<ReconcileDeps, 'ledger' | 'keys'>
type RevokeDeps = LedgerDeps & Pick<ReconcileDeps, 'store' | 'queue' | 'clock'>
type LoadDeps = RevokeDeps & { readonly policies: PolicyCache }

/**
 * What sealed and signed events say of a repository's policies: the only authority for the accepted commit
 * (trust.md 1.3, 5). What this replica has read once counts, whatever became of the ledger since. What was loaded
 * counts from its staging on, for it is certain to be sealed.
 */
export const policyLedger = async (
  { ledger, keys }: LedgerDeps,
  { id, firstAcceptedCommit }: RepositorySettings,
  check: (standing: Standing) => void = () => undefined,
): Promise<PolicyLedger> => {
  const waiting = (await ledger.waiting('policy.loaded')).filter(({ repo }) => repo === id)
  const standing = await ledger.standing()
  check(standing)
  const words = standing.policies.get(id) ?? []
  const events = [...words.map(({ event }) => event), ...waiting.filter((event) => keys.verify(event))]
  return foldPolicyLedger(firstAcceptedCommit, events)
}

/**
 * The same, to act upon. @throws Trouble while the ledger lacks events, or may: the last acceptance may be one of them
 */
export const certainPolicyLedger = (
  deps: LedgerDeps,
  repository: RepositorySettings,
): Promise<PolicyLedger> => policyLedger(deps, repository, mustBeWhole)

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
  let known = await certainPolicyLedger(deps, repository)
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
  const { accepted: commit } = await certainPolicyLedger(deps, repository)
  const set = await deps.policies.get(repository.id, commit)
  await deps.store.transaction(async (tx) => {
    await deps.store.serialise(tx, `policies:${repository.id}`)
    // No merge is being decided under the old policies while we look for grants of strangers.
    await deps.store.serialise(tx, `branch:${repository.id}`)
    const { accepted, lastLoaded } = await certainPolicyLedger(deps, repository)
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

/**
 * Whoever is not in the accepted identities, or is blocked, and has a grant all the same, loses it: what the load of
 * these policies could not see, or did not live to do, is done at the next look (trust.md 3.10).
 */
export const revokeStrangers = async (
  deps: LoadDeps & Pick<ReconcileDeps, 'log'>,
  repository: RepositorySettings,
): Promise<void> => {
  const { open } = await deps.ledger.standing()
  if (![...open.values()].some(({ intent }) => intent.repository === repository.id)) return
  const commit = await acceptedCommit(deps, repository)
  const set = await deps.policies.get(repository.id, commit).catch((error: unknown) => {
    if (!(error instanceof Error && error.name === 'PolicyLoadError')) throw error
    deps.log.warn('who is in the accepted policies cannot be told', { repository: repository.id, error })
  })
  if (set === undefined) return
  if ((await strangersOf(deps, repository.id, set)).length === 0) return
  await deps.store.transaction(async (tx) => {
    await deps.store.serialise(tx, `branch:${repository.id}`)
    // Whoever came in with newer policies is no stranger.
    if ((await acceptedCommit(deps, repository)) === commit)
      await revokeOfStrangers(deps, tx, repository.id, set)
  })
}

const revokeOfStrangers = async (
  deps: RevokeDeps,
  tx: Tx,
  repository: number,
  set: PolicySet,
): Promise<void> => {
  for (const { grant, requester } of await strangersOf(deps, repository, set)) {
    const by = { kind: 'system' as const, id: 'policies' }
    const why = `${requester.login} is not in identities, or is blocked, since ${set.commit.slice(0, 10)}`
    await askRevoke(deps, { grant, by, why, askedAt: deps.clock.now() }, tx)
  }
}

/** By verified events, whatever the rows say (trust.md 5.2): live and scheduled grants of whom nobody vouches for any more. */
const strangersOf = async (
  deps: LedgerDeps & Pick<ReconcileDeps, 'store'>,
  repository: number,
  { directory }: PolicySet,
): Promise<readonly Intent[]> => {
  const found: Intent[] = []
  for (const { intent } of await openGrants(deps)) {
    if (intent.repository !== repository || directory.byId(intent.requester.id)?.blocked === false) continue
    if (typeof (await deps.store.revokeAsked(intent.grant)) !== 'object') found.push(intent)
  }
  return found
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

import type { Decision } from '../../decision/decision.ts'
import { decisionData } from '../../decision/decision-data.ts'
import { sealMs } from '../../grant/bounds.ts'
import { refuseGrant, startGrant } from '../grant/open.ts'
import { type ObserveDeps, observePull } from '../observe/pull.ts'
import { Trouble } from '../observe/trouble.ts'
import type { PullRequest } from '../ports/github.ts'
import type { RepositorySettings } from '../ports/settings.ts'
import type { RequestRow } from '../ports/store.ts'
import { transact } from '../transact.ts'
import { evaluatedEvent, subjectOf } from './events.ts'
import { decideOn, savePull } from './forecast.ts'
import { stillAccepted } from './hold-still.ts'
import { intentOf } from './intent-of.ts'

/**
 * Scheduled grants whose start has come get a second, full verdict (trust.md 3.7); only then an intent. What fails at
 * one keeps no other from its start; the first failure is thrown at the end.
 */
export const startDue = async (
  deps: ObserveDeps,
  repository: RepositorySettings,
  rows: readonly RequestRow[],
  ask: () => Promise<PullRequest>,
): Promise<void> => {
  const failed: unknown[] = []
  for (const row of rows)
    await startOne(deps, repository, row, ask).catch((error: unknown) => failed.push(error))
  if (failed.length > 0) throw failed[0]
}

const startOne = async (
  deps: ObserveDeps,
  repository: RepositorySettings,
  row: RequestRow,
  ask: () => Promise<PullRequest>,
): Promise<void> => {
  const [grant, { open }] = [await deps.store.grant(row.id), await deps.ledger.standing()]
  const { intent, stage, blocked } = open.get(row.id) ?? {}
  if (grant?.state !== 'scheduled' || intent === undefined || stage !== 'scheduled' || blocked) return
  if (intent.startsAt > deps.clock.now()) return
  const pull = await ask()
  if (!pull.merged) throw new Trouble('GitHub said that it was merged, and now says that it is not')
  const observed = await observePull(deps, repository, pull, 'start', row.reviewsFrom)
  const one = {
    ...observed,
    facts: { ...observed.facts, requests: observed.facts.requests.filter(({ id }) => id === row.id) },
  }
  const staged = await transact(deps, async (tx, deps) => {
    await deps.store.serialise(tx, `person:${intent.requester.id}`)
    // Whoever revoked it while it was being asked about woke its own reconciler, which ends it.
    if (typeof (await deps.store.revokeAsked(row.id)) === 'object') return []
    await stillAccepted(deps, repository, one)
    const { decision: made, requests, basis } = await decideOn(deps, one)
    const [facts] = requests
    const decision = facts === undefined ? withoutFile(made) : made
    if (decision.verdict === 'not_yet') throw new Trouble(decision.summary)
    const known = (await deps.store.pull(repository.id, pull.number))?.decision.requests ?? []
    const [verdict] = decision.requests
    const all = known.map((old) => (old.id === verdict?.id ? verdict : old))
    await savePull(deps, tx, repository.id, pull, { ...decision, requests: all })
    if (verdict !== undefined) {
      const of = subjectOf(row.id, repository.id, pull)
      const data = decisionData(decision, verdict, facts, basis.grounds)
      await deps.ledger.stage(tx, evaluatedEvent(deps.keys, decision.at, of, data, basis), basis.evidence)
    }
    if (decision.verdict !== 'passed' || facts === undefined || verdict === undefined)
      return [await refuseGrant(tx, deps, row.id, decision.summary)]
    return [
      await startGrant(tx, deps, {
        ...intentOf(repository, pull, facts, verdict, deps.settings, decision.at),
        startsAt: decision.at,
      }),
    ]
  })
  if (staged.length > 0) await deps.ledger.sealed(staged, deps.clock.now() + sealMs)
}

/** Where nothing is left to be decided, nothing stands against it either. */
const withoutFile = (decision: Decision): Decision =>
  decision.verdict === 'passed'
    ? { ...decision, verdict: 'denied', summary: 'the merge no longer brings its file' }
    : decision

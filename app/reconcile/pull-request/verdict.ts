import type { Decision } from '../../decision/decision.ts'
import type { ProposalFacts } from '../../decision/facts.ts'
import { sealMs } from '../../grant/bounds.ts'
import { gitsudo, userActor } from '../../grant/events.ts'
import { moveRequest } from '../../grant/moves.ts'
import { openGrant } from '../grant/open.ts'
import { type ObserveDeps, type Observed, observePull } from '../observe/pull.ts'
import { revokedOf } from '../observe/revoked.ts'
import { Trouble } from '../observe/trouble.ts'
import { acceptAtMerge } from '../policy-change/accept.ts'
import type { PullRequest } from '../ports/github.ts'
import type { RepositorySettings } from '../ports/settings.ts'
import type { RequestRow, Tx } from '../ports/store.ts'
import { transact } from '../transact.ts'
import { requestEvent, verdictEvent } from './events.ts'
import { cancel, decideOn, saved, savePull } from './forecast.ts'
import { followToMerge, holdStill } from './hold-still.ts'
import { intentOf } from './intent-of.ts'
import { outlived } from './lapse.ts'
import { isUndecided, refuseRow, refuseUnread } from './refuse-unread.ts'
import { isOpen, openSince, openSinceBy } from './rows.ts'
import { type Ruling, recordNews, rulingsOf } from './ruling.ts'
import { believed, doneOf, verdictsSaid } from './said.ts'
import { withGrantedPaths, withRefusedPaths } from './taken-paths.ts'

/** GitHub's clock and ours differ, and a delivery follows what it tells of. */
const overlapMs = 60_000

/**
 * The verdict at the merge, from fresh facts; the first complete one is final (trust.md 3.2). Everything the
 * verdict depends on that other merges could change is read under locks: the grants of each requester, and
 * how far the branch has been reconciled.
 */
export const verdictAtMerge = async (
  deps: ObserveDeps,
  repository: RepositorySettings,
  pull: PullRequest,
  reviewsFrom: number | undefined,
): Promise<Decision> => {
  const observe = (tried?: ProposalFacts) => observePull(deps, repository, pull, 'merge', reviewsFrom, tried)
  let observed = await observe()
  // Trying policies takes minutes, in which people may say otherwise and the branch lose the merge: all else is asked anew.
  if (observed.proposal !== undefined) observed = await observe(observed.proposal)
  await askForMissing(deps, observed)
  await followToMerge(deps, repository, observed)
  const { proposal } = observed
  if (proposal !== undefined) return acceptAtMerge(deps, repository, pull, { ...observed, proposal })
  const sealed = await alreadySealed(deps, observed)
  const known = await withRefusedPaths(deps, repository, observed)
  const { decision, staged } = await transact(deps, async (tx, deps) => {
    await holdStill(deps, tx, repository, observed)
    const rows = await believed(deps, await deps.store.requestsOfPull(repository.id, pull.number))
    const decided = await decideOn(deps, await withRevokedSince(deps, await withGrantedPaths(deps, known)))
    const lapsed = sealed.lapsed || rows.some((row) => hasLapsed(deps, observed, row))
    const barred = lapsed
      ? 'merged after the request had lapsed: it was open longer than pendingTtl'
      : sealed.barred
    const decision = barred === undefined ? decided.decision : denied(decided.decision, barred)
    if (decision.verdict === 'not_yet') throw new Trouble(decision.summary)
    const last = (await deps.store.pull(repository.id, pull.number))?.decision
    const staged: string[] = []
    for (const one of rulingsOf(deps, pull, { ...decided, decision }, { rows, last, reviewsFrom }))
      if (!sealed.done.has(one.of.id)) staged.push(...(await settle(deps, tx, repository, one)))
    staged.push(...(await refuseUnread(deps, tx, observed, decision, rows, reviewsFrom, sealed.done)))
    // Files that left the pull request just before it was merged.
    const brought = new Set([...decided.requests, ...observed.unread].map(({ id }) => id))
    for (const row of rows) if (isOpen(row) && !brought.has(row.id)) await cancel(deps, tx, row, pull)
    await savePull(deps, tx, repository.id, pull, decision)
    return { decision, staged }
  })
  if (staged.length > 0) await deps.ledger.sealed(staged, deps.clock.now() + sealMs)
  return decision
}

/**
 * What the ledger says: which requests were granted or refused, and whether one lapsed. Rows are only a cache (trust.md
 * 5.2). Another hand's event is no verdict: it keeps nobody from the refusal, and access from everybody (`barred`: why).
 */
const alreadySealed = async (
  deps: ObserveDeps,
  observed: Observed,
): Promise<{ readonly done: ReadonlySet<string>; readonly lapsed: boolean; readonly barred?: string }> => {
  const said = await verdictsSaid(
    deps,
    [...observed.facts.requests, ...observed.unread].map(({ id }) => id),
  )
  const lapsed = said.some(({ events }) => {
    const own = events.map(({ event }) => event)
    const since = openSinceBy(own, observed.facts.pull.reviewsFrom)
    return (
      own.some(({ type }) => type === 'request.lapsed') ||
      (since !== undefined && outlived(deps, since, mergedAt(deps, observed)))
    )
  })
  const barred = said.findLast((one) => one.barred !== undefined)?.barred
  return { done: doneOf(said), lapsed, ...(barred === undefined ? {} : { barred }) }
}

/** By its row: whoever was to let it lapse may have been away, or GitHub. */
const hasLapsed = (deps: ObserveDeps, observed: Observed, row: RequestRow): boolean =>
  row.state === 'lapsed' ||
  (observed.facts.requests.some(({ id }) => id === row.id) &&
    outlived(deps, openSince(row, observed.facts.pull.reviewsFrom), mergedAt(deps, observed)))

const mergedAt = ({ clock }: Pick<ObserveDeps, 'clock'>, { pull }: Observed): number =>
  pull.mergedAt ?? clock.now()

/** Also what was revoked while it was being asked about: the branch, followed to the merge, may have lost its file. */
const withRevokedSince = async (deps: ObserveDeps, observed: Observed): Promise<Observed> => {
  const { facts } = observed
  const requests = await Promise.all(
    facts.requests.map(async (one) => ({ ...one, ...(await revokedOf(deps, one.id)) })),
  )
  return { ...observed, facts: { ...facts, requests } }
}

/** A review whose payload is missing is asked for again before the verdict (trust.md 2.1). */
const askForMissing = async (deps: ObserveDeps, { facts }: Observed): Promise<void> => {
  const unheard = facts.reviews.filter(
    ({ state, payload }) => payload === undefined && (state === 'approved' || state === 'changes_requested'),
  )
  if (unheard.length === 0) return
  const since = Math.min(...unheard.map(({ submittedAt }) => submittedAt)) - overlapMs
  await deps.github.redeliverMissed(since, (guid) => deps.store.hasDelivery(guid))
}

const denied = (decision: Decision, summary: string): Decision => ({
  ...decision,
  verdict: 'denied',
  summary,
})

const settle = async (
  deps: ObserveDeps,
  tx: Tx,
  repository: RepositorySettings,
  ruling: Ruling,
): Promise<readonly string[]> => {
  const { pull, facts, decision, verdict, basis, of, data } = ruling
  const { lookAt: _, ...row } = ruling.row
  const passed = decision.verdict === 'passed'
  let from = row.state
  // Another replica was first, after the ledger was asked.
  if (from === 'granted' || from === 'refused') return []
  if (from === 'lapsed') return [await refused(deps, tx, ruling)]
  // The forecast may never have run: a cancelled or unseen request takes the same road.
  const via = passed ? (['pending', 'approved'] as const) : (['pending'] as const)
  for (const state of via) {
    if (state === 'pending' ? from === 'cancelled' : from !== 'approved') from = moveRequest(from, state)
  }
  await saved(deps, tx, { ...row, state: moveRequest(from, passed ? 'granted' : 'refused') })

  const staged = [...(await recordNews(deps, tx, ruling))]
  if (!passed) return [...staged, await refused(deps, tx, ruling)]
  const now = decision.at
  if (row.state !== 'approved') {
    staged.push(
      await deps.ledger.stage(tx, requestEvent('request.approved', now, gitsudo, of, data), basis.evidence),
    )
  }
  staged.push(
    await openGrant(tx, deps, intentOf(repository, pull, facts, verdict, deps.settings, now), {
      metadata: row.metadata ?? {},
      now,
      ...(pull.mergedAt === undefined ? {} : { mergedAt: pull.mergedAt }),
    }),
  )
  return staged
}

const refused = async (
  deps: ObserveDeps,
  tx: Tx,
  { pull, decision, verdict, basis, of, data }: Ruling,
): Promise<string> => {
  const merger = pull.mergedBy === undefined ? gitsudo : userActor(pull.mergedBy)
  const why = verdict.verdict === 'passed' ? decision.summary : verdict.summary
  const { id: request, repository } = of
  deps.log.alert('grant.refused', {
    request,
    repository,
    pull: of.pull,
    mergedBy: pull.mergedBy?.login,
    why,
  })
  const event = verdictEvent(
    deps.keys,
    'grant.refused',
    { at: decision.at, by: merger },
    of,
    { ...data, why },
    basis,
  )
  return deps.ledger.stage(tx, event, basis.evidence)
}

/**
 * No complete verdict came within `grantWindow` of the merge (trust.md 3.12): what waited is refused. That is
 * no verdict on the whole: files that no forecast saw are found, and refused, once they can be read. What the ledger
 * has as granted or refused stays so, whatever its row says (5.2).
 */
export const refuseLate = async (
  deps: ObserveDeps,
  repository: RepositorySettings,
  pull: PullRequest,
  rows: readonly RequestRow[],
  decision: Decision,
  lookAt: number,
): Promise<void> => {
  const why = `no complete verdict within the grant window: ${decision.summary}`
  // Whom GitHub named once is not waited for any longer.
  const { named: _, ...late } = decision
  const ids = rows.map(({ id }) => id)
  const done = doneOf(await verdictsSaid(deps, ids))
  await transact(deps, async (tx, deps) => {
    for (const row of await believed(deps, rows))
      if (!done.has(row.id) && isUndecided(row)) await refuseRow(deps, tx, pull, row, decision.at, why)
    await savePull(deps, tx, repository.id, pull, { ...late, verdict: 'denied', summary: why }, lookAt)
  })
}

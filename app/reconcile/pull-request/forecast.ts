import { decide } from '../../decision/decide.ts'
import { decidePolicies } from '../../decision/decide-policies.ts'
import type { Decision, RequestDecision } from '../../decision/decision.ts'
import { decisionData } from '../../decision/decision-data.ts'
import type { RequestFacts } from '../../decision/facts.ts'
import { gitsudo } from '../../grant/events.ts'
import { moveRequest } from '../../grant/moves.ts'
import { wakePublish } from '../key.ts'
import { wakeGroups } from '../merge-group/waiting.ts'
import { askPolicies } from '../observe/ask.ts'
import { type ObserveDeps, type Observed, observePull, withRequests } from '../observe/pull.ts'
import { wakeSharing } from '../observe/sharing.ts'
import { Trouble } from '../observe/trouble.ts'
import type { PullRequest } from '../ports/github.ts'
import type { RepositorySettings } from '../ports/settings.ts'
import type { RequestRow, Tx } from '../ports/store.ts'
import { type Basis, basisOf, createdData, evaluatedEvent, requestEvent, userActor } from './events.ts'
import { isOpen, openState, rowOf, saysMore } from './rows.ts'

const againMs = 60_000

/**
 * Puts the policies' answers and the verdict to what was observed.
 * @param beside requests of other pull requests that a merge queue would merge with this one
 */
export const decideOn = async (
  deps: ObserveDeps,
  observed: Observed,
  beside: readonly RequestFacts[] = [],
): Promise<{
  readonly decision: Decision
  readonly requests: readonly RequestFacts[]
  readonly basis: Basis
}> => {
  const now = deps.clock.now()
  const { facts, set, proposal } = observed
  if (proposal !== undefined) {
    const all = { ...facts, now }
    const decision = decidePolicies(all, proposal)
    return { decision, requests: [], basis: basisOf({ facts: all, proposal }) }
  }
  const asked =
    set === undefined
      ? { requests: facts.requests, evidence: [] }
      : await askPolicies(deps, set, {
          now,
          repository: facts.repository.id,
          pull: facts.pull.number,
          author: facts.pull.author,
          groups: observed.groups,
          reviewers: observed.reviewers,
          requests: facts.requests,
          beside,
          hints: facts.moment === 'forecast',
        })
  const all = withRequests(facts, asked.requests, now)
  return {
    requests: asked.requests,
    basis: basisOf({ facts: all }, asked.evidence),
    decision: decide(all),
  }
}

/** The forecast for an open pull request, recorded with its events and handed on to be shown. */
export const forecast = async (
  deps: ObserveDeps,
  repository: RepositorySettings,
  pull: PullRequest,
  rows: readonly RequestRow[],
  reviewsFrom: number | undefined,
): Promise<Decision> => {
  const observed = await observePull(deps, repository, pull, 'forecast', reviewsFrom)
  const { decision, requests, basis } = await decideOn(deps, observed)
  const held = pull.base.ref === repository.branch && observed.diff.base === pull.head.sha
  if (requests.length === 0 && held && rows.some(isOpen))
    throw new Trouble('the branch holds the head already, and GitHub does not say that it is merged')
  const before = (await deps.store.pull(repository.id, pull.number))?.decision
  // A merge group that waits for other checks has passed with it (trust.md 2.4, 6.10b).
  const groups =
    decision.verdict !== 'passed' && before !== undefined && before.verdict !== decision.verdict
      ? await wakeGroups(deps, repository)
      : []
  await deps.store.transaction(async (tx) => {
    for (const facts of requests) {
      const verdict = decision.requests.find(({ id }) => id === facts.id)
      if (verdict === undefined) throw new Error(`no decision on ${facts.path}`)
      const row = rows.find(({ id }) => id === facts.id)
      await record(deps, tx, repository, pull, row, facts, decision, verdict, before, basis, reviewsFrom)
    }
    const reopened = reviewsFrom === undefined ? {} : { reviewsFrom }
    for (const row of rows) {
      if (requests.some(({ id }) => id === row.id)) continue
      if (isOpen(row)) await cancel(deps, tx, { ...row, ...reopened }, pull)
      // A file that comes back finds its reviews as void as those of the others.
      else if (row.state === 'cancelled' && row.reviewsFrom !== reviewsFrom)
        await saved(deps, tx, { ...row, ...reopened })
    }
    // Nothing wakes a trial that came to no end.
    const again = observed.proposal !== undefined && decision.verdict === 'not_yet'
    await savePull(deps, tx, repository.id, pull, decision, again ? decision.at + againMs : undefined)
    await wakeSharing(deps, tx, { repository: repository.id, pull: pull.number }, before, decision)
    await deps.queue.wake(groups, tx)
  })
  return decision
}

const record = async (
  deps: ObserveDeps,
  tx: Tx,
  repository: RepositorySettings,
  pull: PullRequest,
  before: RequestRow | undefined,
  facts: RequestFacts,
  decision: Decision,
  verdict: RequestDecision,
  last: Decision | undefined,
  basis: Basis,
  reviewsFrom: number | undefined,
): Promise<void> => {
  const now = decision.at
  const of = { id: facts.id, repository: repository.id, pull: pull.number, commit: pull.head.sha }
  const { lookAt, ...row } = rowOf(before, facts, pull, {
    repository: repository.id,
    now,
    pendingTtlMs: deps.settings.pendingTtlMs,
  })
  const from = row.state === 'cancelled' ? 'pending' : row.state
  const state = openState(verdict.verdict)
  if (row.state === 'lapsed') return
  if (row.state !== from) moveRequest(row.state, from)
  if (from !== state) moveRequest(from, state)
  await saved(deps, tx, {
    ...row,
    state,
    decision,
    ...(reviewsFrom === undefined ? {} : { reviewsFrom }),
    // What is denied does not lapse, and has nothing to be looked at for.
    ...(state === 'denied' || lookAt === undefined ? {} : { lookAt }),
  })
  if (before === undefined) {
    await deps.ledger.stage(
      tx,
      requestEvent('request.created', now, userActor(pull.author), of, createdData(row)),
    )
  }
  if (saysMore(decision, verdict, last)) {
    const data = decisionData(decision, verdict, facts, basis.grounds)
    await deps.ledger.stage(tx, evaluatedEvent(deps.keys, now, of, data, basis), basis.evidence)
  }
  if (state !== from && (state === 'approved' || state === 'denied')) {
    const actor = verdict.deniedBy === undefined ? gitsudo : userActor(verdict.deniedBy)
    const data = decisionData(decision, verdict, facts, basis.grounds)
    await deps.ledger.stage(
      tx,
      requestEvent(state === 'approved' ? 'request.approved' : 'request.denied', now, actor, of, data),
      basis.evidence,
    )
  }
}

/** The request's file left the pull request, or the pull request was closed. */
export const cancel = async (
  deps: ObserveDeps,
  tx: Tx,
  row: RequestRow,
  pull: PullRequest,
): Promise<void> => {
  moveRequest(row.state, 'cancelled')
  const { lookAt: _, ...rest } = row
  await saved(deps, tx, { ...rest, state: 'cancelled' })
  await deps.ledger.stage(
    tx,
    requestEvent(
      'request.cancelled',
      deps.clock.now(),
      gitsudo,
      { id: row.id, repository: row.repository, pull: row.pull, commit: pull.head.sha },
      {
        path: row.path,
        why: pull.state === 'closed' ? 'closed unmerged' : 'file removed from the pull request',
      },
    ),
  )
}

/** Saves a row, or makes the whole look start over because somebody else saved it meanwhile. */
export const saved = async (deps: Pick<ObserveDeps, 'store'>, tx: Tx, row: RequestRow): Promise<void> => {
  if (!(await deps.store.saveRequest(tx, row)))
    throw new Error(`request ${row.id} changed while being looked at`)
}

export const savePull = async (
  deps: Pick<ObserveDeps, 'store' | 'queue'>,
  tx: Tx,
  repository: number,
  pull: PullRequest,
  decision: Decision,
  lookAt?: number,
): Promise<void> => {
  await deps.store.savePull(tx, {
    repository,
    pull: pull.number,
    headSha: pull.head.sha,
    open: pull.state === 'open',
    draft: pull.draft,
    decision,
    ...(lookAt === undefined ? {} : { lookAt }),
  })
  await deps.queue.wake([wakePublish(repository, pull.number)], tx)
}

import { decide } from '../../decision/decide.ts'
import { decidePolicies } from '../../decision/decide-policies.ts'
import type { Decision } from '../../decision/decision.ts'
import type { RequestFacts } from '../../decision/facts.ts'
import { gitsudo, userActor } from '../../grant/events.ts'
import { moveRequest } from '../../grant/moves.ts'
import { wakePublish, wakePull } from '../key.ts'
import { troubled } from '../lasting-trouble.ts'
import { wakeGroups } from '../merge-group/waiting.ts'
import { askPolicies } from '../observe/ask.ts'
import { type ObserveDeps, type Observed, observePull, withRequests } from '../observe/pull.ts'
import { wakeSharing } from '../observe/sharing.ts'
import { Trouble } from '../observe/trouble.ts'
import type { PullRequest } from '../ports/github.ts'
import type { RepositorySettings } from '../ports/settings.ts'
import type { RequestRow, Tx } from '../ports/store.ts'
import { basisOf, requestEvent } from './events.ts'
import { withRevoked } from './revoked.ts'
import { isOpen, openState } from './rows.ts'
import { type Decided, type Ruling, recordNews, rulingsOf } from './ruling.ts'

/** A slip is over soon, what lasts is looked for now and then. */
const againMs = 60_000
const lastingMs = 5 * 60_000

/**
 * Puts the policies' answers and the verdict to what was observed; what passes is asked once more without what comments
 * took away, for the first verdict alone says who might (trust.md 6.27).
 * @param beside requests of other pull requests that a merge queue would merge with this one
 */
export const decideOn = async (
  deps: ObserveDeps,
  observed: Observed,
  beside: readonly RequestFacts[] = [],
): Promise<Decided> => {
  const decided = await decideOnce(deps, observed, beside)
  const { facts } = observed
  if (decided.decision.verdict !== 'passed' || facts.requests.length === 0) return decided
  const requests = await withRevoked(deps, facts.repository.id, decided.decision, facts.requests)
  return requests.every(({ revoked }) => revoked === undefined)
    ? decided
    : decideOnce(deps, { ...observed, facts: { ...facts, requests } }, beside)
}

const decideOnce = async (
  deps: ObserveDeps,
  observed: Observed,
  beside: readonly RequestFacts[],
): Promise<Decided> => {
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
    decision: { ...decide(all), ...(observed.named.length === 0 ? {} : { named: observed.named }) },
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
  const decided = await decideOn(deps, observed)
  const { decision, requests } = decided
  const held = pull.base.ref === repository.branch && observed.diff.base === pull.head.sha
  if (requests.length === 0 && held && rows.some(isOpen))
    throw new Trouble('the branch holds the head already, and GitHub does not say that it is merged')
  const before = (await deps.store.pull(repository.id, pull.number))?.decision
  // A merge group that waits for other checks has passed with it (trust.md 2.4, 6.10b), or waits for it.
  const changed = before?.verdict !== decision.verdict || before.headSha !== decision.headSha
  const groups = changed ? await wakeGroups(deps, repository) : []
  const lookAt = await lookAgainAt(deps, decision, before)
  await deps.store.transaction(async (tx) => {
    for (const one of rulingsOf(deps, pull, decided, { rows, last: before, reviewsFrom }))
      await record(deps, tx, one)
    const reopened = reviewsFrom === undefined ? {} : { reviewsFrom }
    for (const row of rows) {
      if (requests.some(({ id }) => id === row.id)) continue
      const crowded = observed.unread.some(({ id }) => id === row.id)
      if (isOpen(row)) await cancel(deps, tx, { ...row, ...reopened }, pull, crowded)
      // A file that comes back finds its reviews as void as those of the others.
      else if (row.state === 'cancelled' && row.reviewsFrom !== reviewsFrom)
        await saved(deps, tx, { ...row, ...reopened })
    }
    await savePull(deps, tx, repository.id, pull, decision, lookAt)
    await wakeSharing(deps, tx, { repository: repository.id, pull: pull.number }, before, decision)
    await deps.queue.wake(groups, tx)
  })
  return decision
}

/**
 * What is missing may be there again without a word of GitHub's (trust.md 3.12): a policy's answer, a trial's, a team. A
 * payload tells of itself when it comes, and by looking alone that it does not. Once a person was told, the hourly pass of
 * catch-up is enough: all that is open may lack the same for days, and looks spend GitHub's budget.
 */
const lookAgainAt = async (
  deps: ObserveDeps,
  { verdict, at, repository, pull, headSha, summary }: Decision,
  before: Decision | undefined,
): Promise<number | undefined> => {
  if (verdict !== 'not_yet') return undefined
  const told = await troubled(deps, wakePull(repository, pull), summary)
  // What a person was told of may have been another trouble, over by now.
  const same = before?.verdict === verdict && before.headSha === headSha && before.summary === summary
  if (told && same) return undefined
  return at + (told || before?.verdict === verdict ? lastingMs : againMs)
}

const record = async (deps: ObserveDeps, tx: Tx, ruling: Ruling): Promise<void> => {
  const { verdict, decision, basis, of, data } = ruling
  const { lookAt, ...row } = ruling.row
  if (row.state === 'lapsed') return
  const from = row.state === 'cancelled' ? 'pending' : row.state
  const state = openState(verdict.verdict)
  if (row.state !== from) moveRequest(row.state, from)
  if (from !== state) moveRequest(from, state)
  // What is denied does not lapse, and has nothing to be looked at for.
  await saved(deps, tx, { ...row, state, ...(state === 'denied' || lookAt === undefined ? {} : { lookAt }) })
  await recordNews(deps, tx, ruling)
  if (state !== from && (state === 'approved' || state === 'denied')) {
    const actor = verdict.deniedBy === undefined ? gitsudo : userActor(verdict.deniedBy)
    const type = state === 'approved' ? 'request.approved' : 'request.denied'
    await deps.ledger.stage(tx, requestEvent(type, decision.at, actor, of, data), basis.evidence)
  }
}

/**
 * The request's file left the pull request, or the pull request was closed.
 * @param crowded it came to add too many files
 */
export const cancel = async (
  deps: ObserveDeps,
  tx: Tx,
  row: RequestRow,
  pull: PullRequest,
  crowded = false,
): Promise<void> => {
  const left = crowded ? 'too many files in the pull request' : 'file removed from the pull request'
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
      { path: row.path, why: pull.state === 'closed' ? 'closed unmerged' : left },
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

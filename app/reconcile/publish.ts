import type { Decision } from '../decision/decision.ts'
import { backOff } from '../grant/back-off.ts'
import type { ReconcileDeps } from './deps.ts'
import { readPullKey, wakePull } from './key.ts'
import { genuine } from './observe/deliveries.ts'
import { sharesHead } from './observe/sharing.ts'
import { GitHubError, type RepositoryApi } from './ports/github.ts'
import type { RepositorySettings } from './ports/settings.ts'
import type { Projection, PullRow, RequestRow } from './ports/store.ts'
import { type Ask, askedBefore, askedNow, asking, isAsking, stillToAsk } from './publish/asked.ts'
import { checkOf } from './publish/check.ts'
import { commentBody, commentMark, commentStage, decidedPolicies, refusedUnread } from './publish/comment.ts'
import { receiptsOf } from './publish/receipts.ts'
import { nobody, reviewersToAsk } from './publish/reviewers.ts'
import { isWaiting, showCheck } from './publish/show-check.ts'
import { showComment } from './publish/show-comment.ts'
import { outlived } from './pull-request/lapse.ts'
import { isOpen } from './pull-request/rows.ts'

const retryMs = 15_000
/** A checkpoint is on its way. */
const receiptMs = 2_000
/** For what only a push, a person or another configuration can end. */
const lastingMs = 5 * 60_000
/** For a merge that something moving stood in the way of: asked for again soon, then ever later. */
const moving: readonly GitHubError['code'][] = ['conflict', 'base_moved']
const lasting: readonly GitHubError['code'][] = ['invalid', 'forbidden', 'not_found', 'not_mergeable']

/**
 * Makes GitHub show what is stored: a projection, written where it differs. Each write is saved before the
 * next, and what creates is announced before it: a crash repeats at most one, and makes nothing twice. Nothing
 * here decides; merging is asked of GitHub with the head that was decided on, and what it means is decided again
 * afterwards.
 */
export const createPublisher = (deps: ReconcileDeps) => ({
  async look(key: string): Promise<void> {
    const at = readPullKey(key)
    const repository = deps.settings.repositories.get(at.repository)
    const row = await deps.store.pull(at.repository, at.pull)
    if (repository === undefined || row === undefined) return
    const known = await deps.store.projection(at.repository, at.pull)
    const projection = known ?? { repository: at.repository, pull: at.pull, asked: [] }
    try {
      await show(deps, repository, row, projection)
    } catch (error) {
      if (!(error instanceof GitHubError)) throw error
      deps.log.warn('GitHub could not be told', { ...at, why: error.message })
      if (error.code === 'forbidden') deps.log.alert('github.refuses', { ...at, why: error.message })
      // The head moved, and perhaps nobody told us.
      if (error.code === 'conflict') await deps.queue.wake([wakePull(at.repository, at.pull)])
      const { mergeTries = 0, ...now } = (await deps.store.projection(at.repository, at.pull)) ?? projection
      // The next look at trouble wakes us; one that meets a limit would have us wait with it.
      const awaits = row.decision.verdict === 'not_yet' && error.code !== 'rate_limited'
      const looked = awaits ? (row.lookAt ?? 0) + retryMs : 0
      const wait = waitMs(error.code, mergeTries, key)
      const lookAt = Math.max(deps.clock.now() + wait, error.retryAt ?? 0, looked)
      const putOff = moving.includes(error.code) ? { mergeTries: mergeTries + 1 } : {}
      await deps.store.saveProjection({ ...now, ...putOff, lookAt })
    }
  },
})

const waitMs = (code: GitHubError['code'], mergeTries: number, key: string): number => {
  if (moving.includes(code)) return backOff(mergeTries, key, 1000, lastingMs)
  return lasting.includes(code) ? lastingMs : retryMs
}

const show = async (
  deps: ReconcileDeps,
  repository: RepositorySettings,
  row: PullRow,
  before: Projection,
): Promise<void> => {
  const api = deps.github.repository(repository.id)
  let { lookAt: _, ...projection } = before
  const save = async (next: Projection) => {
    projection = next
    await deps.store.saveProjection(next)
  }
  let refusal: GitHubError | undefined
  /** What GitHub does not take holds up nothing else; what it could not answer, everything. */
  const attempt = async (write: () => Promise<void>) => {
    try {
      await write()
    } catch (error) {
      if (!(error instanceof GitHubError && lasting.includes(error.code))) throw error
      refusal ??= error
    }
  }
  const { decision } = row
  const rows = await deps.store.status({ repository: repository.id, pull: row.pull })

  // A verdict at the merge or later is the ledger's business; the check stays what it was while open, unless
  // trouble keeps the verdict away, which is shown until it comes.
  const undecided = decision.verdict === 'not_yet' && rows.some(({ request }) => isOpen(request))
  const forecasting = decision.moment === 'forecast' && (row.open || undecided)
  const leftWaiting = decision.verdict !== 'not_yet' && isWaiting(projection)
  if ((forecasting || leftWaiting) && row.headSha !== '')
    await attempt(() =>
      showCheck(api, { check: checkOf(decision), sharing: sharesHead(decision) }, projection, save),
    )
  const author = rows[0]?.request.author.id ?? 0
  const ask = row.open ? reviewersToAsk(decision, author) : nobody
  await attempt(() => askReviewers(api, row, ask, projection, save))
  const lapsed = rows.some(({ request }) => request.state === 'lapsed')
  let receiptEarly = false
  const verdicts = decision.requests.length > 0 || decidedPolicies(decision) || refusedUnread(decision, rows)
  if (verdicts && (decision.verdict !== 'not_yet' || lapsed)) {
    await attempt(async () => {
      const stage = commentStage(decision, rows)
      if (stage === projection.commentDigest && projection.commentId !== undefined) return
      const receipts = await receiptsOf(deps, rows)
      receiptEarly = receipts.early
      if (receiptEarly) return
      const body = commentBody(decision, rows, receipts, ask.unasked)
      await showComment(api, { pull: row.pull, stage, body, mark: commentMark(decision) }, projection, save)
    })
  }
  // A merge that was put off waits for its time, whatever wakes us before.
  const putOff = before.mergeTries !== undefined && before.checkSha === row.headSha
  const later = putOff ? (before.lookAt ?? 0) : 0
  if (later > deps.clock.now()) await save({ ...projection, lookAt: later })
  else {
    if (before.lookAt !== undefined) await save(projection)
    const tooOld = (row: RequestRow) => isOpen(row) && outlived(deps, row.openedAt, deps.clock.now())
    if (!lapsed && !rows.some(({ request }) => tooOld(request)))
      await attempt(() => mergeIfWanted(deps, api, repository, row, decision))
  }
  if (receiptEarly) await save({ ...projection, lookAt: deps.clock.now() + receiptMs })
  if (refusal !== undefined) throw refusal
}

/** Who was being asked when nobody heard the answer is asked again only where GitHub shows that he was not. */
const askReviewers = async (
  api: RepositoryApi,
  { pull, headSha }: PullRow,
  ask: Ask,
  projection: Projection,
  save: (next: Projection) => Promise<void>,
): Promise<void> => {
  const before = projection.asked
  const asked = isAsking(before)
    ? askedBefore(ask, before, await api.requestedReviewers(pull), await api.reviews(pull))
    : before
  const sent = stillToAsk(ask, asked, headSha)
  if (sent.users.length + sent.teams.length === 0) {
    if (asked !== before) await save({ ...projection, asked })
    return
  }
  await save({ ...projection, asked: asking(asked, sent) })
  const refused = await api.askReviewers(pull, sent)
  await save({ ...projection, asked: askedNow(ask, asked, headSha, { sent, refused }) })
}

const mergeIfWanted = async (
  deps: ReconcileDeps,
  api: RepositoryApi,
  repository: RepositorySettings,
  row: PullRow,
  decision: Decision,
): Promise<void> => {
  const wanted =
    repository.merge === 'auto' &&
    row.open &&
    !row.draft &&
    decision.verdict === 'passed' &&
    decision.requests.length > 0
  if (wanted && !(await wasQueued(deps, row))) await api.merge(row.pull, row.headSha)
}

/**
 * A head goes into the merge queue once: what took it out again, a failed group or a person, is for a person to undo,
 * or the queue would never come to rest.
 */
const wasQueued = async (deps: ReconcileDeps, { repository, pull, headSha }: PullRow): Promise<boolean> =>
  genuine(deps, await deps.store.deliveriesOfPull(repository, pull, ['pull_request'])).some(({ body }) => {
    const told = deps.payloads.pullRequest(body)
    return (told?.action === 'enqueued' || told?.action === 'dequeued') && told.headSha === headSha
  })

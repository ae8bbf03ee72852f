import { eventIn } from '../body.ts'
import { leafHash, linkHash, originHead } from '../chain.ts'
import { checkpointIn } from '../checkpoint.ts'
import type { LedgerEvent } from '../event.ts'
import type { ExportLine } from '../export-line.ts'
import { type Foreign, isAmong } from '../foreign.ts'
import { hex } from '../hex.ts'
import { createHours, endOf, noEvent, ofEvent, outlived, samePairs } from './anomalies.ts'
import type { Anomaly, BreakGlass, Outcome, Period, PolicyChange, Report, Story } from './report.ts'
import { instant, inWords, loginsOf, nameOf, tell, text } from './story.ts'

/**
 * Folds the lines of an export (audit/export-line.ts) into a report. What was over for good before the period is
 * forgotten, so memory grows with the period's requests, and those that were only denied or closed before, not with the
 * ledger. The chain is recomputed along the way.
 */
export function createReport(
  period: Period,
  foreign: readonly Foreign[],
): { push(line: ExportLine): void; end(): Report } {
  let origin = ''
  let events = 0
  let head: Uint8Array = new Uint8Array()
  let checkpoint: number | undefined
  let brokenAt: number | undefined
  let heardAt = 0
  const stories = new Map<string, Story>()
  const breakGlass = new Map<string, BreakGlass>()
  const anomalies: Anomaly[] = []
  const policies: PolicyChange[] = []
  const unusual = createHours()

  /** Whether it came to its outcome before the period. */
  const isEarlier = ({ closedAt = period.since }: Story): boolean => closedAt < period.since

  function chained(line: Extract<ExportLine, { kind: 'event' }>): boolean {
    head = linkHash(head, events + 1, leafHash(line.body))
    return line.seq === events + 1 && line.chain === hex(head)
  }

  function hear(seq: number, event: LedgerEvent): void {
    const at = instant(event.at) ?? 0
    heardAt = at
    if (at >= period.until) return
    const within = at >= period.since
    const note = (found: Anomaly | undefined) => {
      if (within && found !== undefined) anomalies.push(found)
    }
    note(ofEvent(seq, event, at))
    const id = event.grant ?? event.request
    const who = nameOf(event.actor)
    if (event.type === 'request.created') {
      const detail = unusual(event.actor.id, at)
      if (detail !== undefined)
        note({ kind: 'unusual hour', at, seq, who, detail, ...(id !== undefined && { request: id }) })
    }
    if (within) {
      const change = policyChange(seq, event, at)
      if (change !== undefined) policies.push(change)
    }
    if (id === undefined) return
    emergency(id, seq, event, at)
    const story = tell(stories.get(id), seq, event)
    if (story === undefined || (isEarlier(story) && !mayGoOn.includes(story.outcome))) stories.delete(id)
    else stories.set(id, story)
  }

  function emergency(id: string, seq: number, event: LedgerEvent, at: number): void {
    const { data, actor } = event
    const known = breakGlass.get(id)
    if (event.type === 'breakglass.invoked') {
      const reviewBy = instant(data.review_by)
      const reason = text(data.reason) ?? ''
      const said = { at, seq, request: id, who: nameOf(actor), reason }
      breakGlass.set(id, { ...said, ...(reviewBy !== undefined && { reviewBy }) })
    } else if (event.type === 'breakglass.reviewed' && known !== undefined) {
      const verdict = text(data.verdict) ?? ''
      breakGlass.set(id, {
        ...known,
        review: { at, by: nameOf(actor), verdict, overdue: data.overdue === true },
      })
    }
  }

  return {
    push(line) {
      if (line.kind === 'header') {
        origin = line.origin
        head = originHead(origin)
      } else if (line.kind === 'checkpoint') {
        const said = checkpointIn(line.note)
        // Anybody with the database can put a note there: only of what lies here is it the newest.
        if (said?.size === events && hex(said.head) === hex(head)) checkpoint = said.size
      } else if (line.kind === 'event' && brokenAt === undefined) {
        if (!chained(line)) brokenAt = events + 1
        else {
          events += 1
          if (isAmong(foreign, line.seq)) return
          const event = eventIn(line.body)
          if (event !== undefined) hear(line.seq, event)
          else if (period.since <= heardAt && heardAt < period.until)
            anomalies.push(noEvent(line.seq, heardAt))
        }
      }
    },
    end() {
      const all = [...stories.values()]
      const grants = all
        .filter(({ intendedAt }) => intendedAt !== undefined)
        .filter(({ outcome, issuedAt }) => issuedAt !== undefined || outcome !== 'failed')
        .toSorted((a, b) => began(a) - began(b))
      const debt = grants.filter(
        (one) => one.closedAt === undefined && (endOf(one) ?? period.until) < period.until,
      )
      return {
        ...period,
        origin,
        ledger: {
          events,
          head: hex(head),
          ...(checkpoint !== undefined && { checkpoint }),
          ...(brokenAt !== undefined && { brokenAt }),
        },
        grants,
        refused: all.filter((one) => cameToNothing.includes(one.outcome) && !isEarlier(one)),
        // One that still waits for its review is shown whenever it was.
        breakGlass: [...breakGlass.values()].filter(
          ({ at, review }) => at >= period.since || (review?.at ?? period.since) >= period.since,
        ),
        debt,
        anomalies: [...anomalies, ...outlived(grants, period), ...samePairs(grants, period)].toSorted(
          (a, b) => a.at - b.at,
        ),
        policies,
      }
    },
  }
}

const cameToNothing: readonly Outcome[] = ['denied', 'refused', 'lapsed', 'failed']
/** A push, a review, a reopening or a forced merge can follow. */
const mayGoOn: readonly Outcome[] = ['denied', 'cancelled']

/** When a grant was there from. */
export const began = ({ issuedAt, intendedAt }: Story): number => issuedAt ?? intendedAt ?? 0

function policyChange(seq: number, event: LedgerEvent, at: number): PolicyChange | undefined {
  const { type, data, actor, commit } = event
  const said = { at, seq, by: nameOf(actor), ...(commit !== undefined && { commit }) }
  if (type === 'policy.accepted' || type === 'policy.refused') {
    const what = type === 'policy.accepted' ? 'accepted' : 'refused'
    return { ...said, what, approvedBy: loginsOf(data.approved_by), detail: text(data.why) ?? '' }
  }
  if (type !== 'policy.overridden') return undefined
  const until = data.until === undefined ? '' : ` until ${inWords(data.until)}`
  const phase = data.phase === 'started' || data.phase === 'ended' ? data.phase : 'asked'
  return {
    ...said,
    what: `override ${phase}`,
    approvedBy: loginsOf(data.by),
    detail: `${inWords(data.policy)}${until}`,
  }
}

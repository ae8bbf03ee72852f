import { writeInstant } from '../../request/instant.ts'
import type { LedgerEvent } from '../event.ts'
import { foreignOf, foreignRows } from '../foreign.ts'
import type { Anomaly, Period, Story } from './report.ts'
import { inWords, isForced, nameOf, text } from './story.ts'

/** Grants may be gone so much later than they end before it is worth a line. */
const toleratedMs = 300_000
/** So many grants of one person, this share of them or more approved by the same people, are worth a line. */
const pairGrants = 5
const pairShare = 0.8
/** So many requests of a person tell his hours; one so far from all of them is unusual. */
const knownRequests = 20
const hoursAway = 2

/** What an event by itself is worth. */
export function ofEvent(seq: number, event: LedgerEvent, at: number): Anomaly | undefined {
  const { type, data, actor } = event
  const request = event.grant ?? event.request
  const one = (kind: Anomaly['kind'], detail: string, who?: string): Anomaly => ({
    kind,
    at,
    seq,
    detail,
    ...(request !== undefined && { request }),
    ...(who !== undefined && { who }),
  })
  const why = text(data.why) ?? ''
  const foreign = foreignOf(event)
  if (foreign !== undefined)
    return one('database changed', `${foreignRows(foreign)}: not sealed by gitsudo`, actor.id)
  if (type === 'database.changed') {
    const what = [data.operation, 'of', data.table, data.row].map(inWords).join(' ')
    return one('database changed', `${what}: ${inWords(data.before)} → ${inWords(data.after)}`, actor.id)
  }
  if (isForced(event)) return one('forced merge', why, actor.kind === 'user' ? nameOf(actor) : undefined)
  if (type === 'grant.quarantined') return one('quarantined', why)
  if (type === 'grant.drift') {
    const { finding, gone } = data
    return one(
      'drift',
      finding === undefined ? why : `${inWords(finding)}${gone === true ? ', gone' : ''}: ${why}`,
    )
  }
  if (type === 'ledger.restored') {
    const anchor = event.commit?.slice(0, 12)
    return one(
      'backup restored',
      `the ledger of ${inWords(data.size)} events under the anchor ${anchor} may be lost in part; gitsudo audit verify counts what it excuses`,
      actor.id,
    )
  }
  if (type === 'notification.failed')
    return one('notification failed', `${inWords(data.channel ?? '')}: ${why}`)
  return undefined
}

/** Of a row whose bytes are no event. `at`: of the event before it, for it has no time of its own. */
export const noEvent = (seq: number, at: number): Anomaly => ({
  kind: 'database changed',
  at,
  seq,
  detail: `event ${seq} of the ledger is none of gitsudo's: its bytes are no event`,
})

/** When a grant should have been gone; undefined for what was never granted. */
export const endOf = ({ dueAt, revoke }: Story): number | undefined =>
  dueAt === undefined ? undefined : Math.min(dueAt, revoke?.at ?? dueAt)

/** Grants that were there for longer than they should, gone or not. */
export function outlived(grants: readonly Story[], { until }: Period): readonly Anomaly[] {
  return grants.flatMap((grant) => {
    const end = endOf(grant)
    const gone = grant.goneAt ?? until
    if (end === undefined || gone - end <= toleratedMs) return []
    const late = `${Math.round((gone - end) / 60_000)} min past its end at ${writeInstant(end)}`
    return [
      {
        kind: 'outlived its end' as const,
        at: end,
        seq: grant.seq,
        request: grant.id,
        ...(grant.who !== undefined && { who: grant.who }),
        detail: grant.goneAt === undefined ? `not confirmed gone, ${late}` : `gone ${late}`,
      },
    ]
  })
}

/**
 * People whose grants were nearly always approved by the same one, two or more, and no others, but for those that the
 * policies gave alone. One other approver, once, does not hide it.
 */
export function samePairs(grants: readonly Story[], { since, until }: Period): readonly Anomaly[] {
  const of = Map.groupBy(
    grants.filter(({ intendedAt = 0, approvedBy }) => intendedAt >= since && approvedBy.length > 0),
    ({ who }) => who ?? '',
  )
  return [...of].flatMap(([who, mine]) => {
    const bySet = Map.groupBy(mine, ({ approvedBy }) => approvedBy.toSorted().join(' '))
    const same = [...bySet.values()].reduce((most, one) => (one.length > most.length ? one : most), [])
    const approvers = same[0]?.approvedBy.toSorted() ?? []
    if (same.length < pairGrants || same.length < mine.length * pairShare) return []
    const conversely = approvers.map((approver) => {
      const back = (of.get(approver) ?? []).filter(({ approvedBy }) => approvedBy.includes(who)).length
      return back === 0 ? '' : `; ${who} approved ${back} of ${approver}'s`
    })
    const share = same.length === mine.length ? `all ${mine.length}` : `${same.length} of ${mine.length}`
    const detail = `${share} grants of ${who} that people approved were approved by ${approvers.join(' and ')} alone${conversely.join('')}`
    return [{ kind: 'same approver' as const, at: until, who, detail }]
  })
}

/** Tells a request at an hour (UTC) at which this person was never seen, once his hours are known. */
export function createHours(): (who: string, at: number) => string | undefined {
  const seen = new Map<string, number[]>()
  return (who, at) => {
    const hours = seen.get(who) ?? Array<number>(24).fill(0)
    const hour = Math.floor(at / 3_600_000) % 24
    const known = hours.reduce((sum, count) => sum + count, 0)
    const near = Array.from({ length: 2 * hoursAway + 1 }, (_, index) => (hour - hoursAway + index + 24) % 24)
    const isUnusual = known >= knownRequests && near.every((each) => hours[each] === 0)
    hours[hour] = (hours[hour] ?? 0) + 1
    seen.set(who, hours)
    return isUnusual
      ? `asked at ${writeInstant(at).slice(11, 16)} UTC; none of ${known} earlier requests within ${hoursAway} h of it`
      : undefined
  }
}

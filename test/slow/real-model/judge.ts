import { expect } from 'vitest'
import type { LedgerEvent } from '../../../app/audit/event.ts'
import { againstPolicies } from '../../support/restatement/may-accept.ts'
import { against } from '../../support/restatement/may-grant.ts'
import type { Truth } from '../../support/restatement/truth.ts'
import type { Play, Snapshot } from './record.ts'
import type { Stage } from './stage.ts'
import { everAsked, given, truthOf } from './truth.ts'

/** Holds what the ledger says against what GitHub knew since the last time that nothing was left to look at. */
export const createJudge = (stage: Stage) => {
  const { t, policy } = stage
  const events: LedgerEvent[] = []
  const received = async (): Promise<ReadonlySet<number>> => {
    const rows = await t.query<{ body: Buffer }>(
      `select body from deliveries where event = 'pull_request_review'`,
    )
    const said = rows.map(({ body }) => JSON.parse(body.toString('utf8')))
    return new Set(
      said.flatMap(({ action, review }) => (action === 'submitted' ? [review.id as number] : [])),
    )
  }
  /** Pull request → who had written that it be revoked, of what was received when all had been looked at last. */
  let told: ReadonlyMap<number, readonly number[]> = new Map()
  const commented = async (): Promise<typeof told> => {
    const rows = await t.query<{ body: Buffer }>(`select body from deliveries where event = 'issue_comment'`)
    const found = new Map<number, number[]>()
    for (const { body } of rows) {
      const { action, comment, issue } = JSON.parse(body.toString('utf8'))
      if (action !== 'created' || comment.body !== '/gitsudo revoke') continue
      found.set(issue.number, [...(found.get(issue.number) ?? []), comment.user.id])
    }
    return found
  }
  return {
    events: (): readonly LedgerEvent[] => events,
    async look(play: Play): Promise<void> {
      const fresh = await stage.sealedAfter(events.length)
      const heard = fresh.length === 0 ? new Set<number>() : await received()
      for (const event of fresh) {
        judge(event, play, heard)
        events.push(event)
      }
      told = await commented()
    },
  }

  function judge(event: LedgerEvent, play: Play, heard: ReadonlySet<number>): void {
    const number = event.pull ?? 0
    const at = Date.parse(event.at)
    /** What stood against it, at each moment at which it may have been decided. */
    const each = (moment: Truth['moment'], ask: (truth: Truth, snapshot: Snapshot) => readonly string[]) =>
      play.snapshots.map((snapshot) => {
        const truth = truthOf(
          stage,
          play,
          snapshot,
          number,
          moment,
          at,
          heard,
          events,
          told.get(number) ?? [],
        )
        return truth === undefined ? ['no such pull request'] : ask(truth, snapshot)
      })
    const cleared = (moment: Truth['moment'], ask: (truth: Truth) => readonly string[], what: string) => {
      const found = each(moment, ask)
      if (!found.some((one) => one.length === 0)) expect(found, what).toEqual([])
    }
    if (event.type === 'policy.accepted') {
      cleared('merge', againstPolicies, `policies of ${number}`)
      policy.accepted = String(event.commit)
      policy.loaded = undefined
    }
    if (event.type === 'policy.loaded' && policy.accepted !== policy.first) policy.loaded = at
    const own = events.filter(({ request, grant }) => (request ?? grant) === (event.request ?? event.grant))
    const moment = own.some(({ type }) => type === 'grant.scheduled') ? 'start' : 'merge'
    const path = String(event.data.path ?? own.find(({ data }) => data.path !== undefined)?.data.path)
    if (given.includes(event.type)) {
      cleared(moment, (truth) => against(truth, path), `${event.type} for ${path} of ${number}`)
      const others = events.filter((one) => given.includes(one.type) && one.data.path === path)
      expect(
        others.filter((one) => one.request !== event.request || one.type === event.type),
        `one grant for ${path}`,
      ).toEqual([])
    }
    // The other way round: what is refused has something against it.
    if (event.type === 'grant.refused' && number > 0 && policy.loaded === undefined) {
      const lapsed = own.some(({ type }) => type === 'request.lapsed')
      // What only waited may have been what it does not go with.
      const found = each(moment, (truth, snapshot) =>
        against({ ...truth, standing: [...truth.standing, ...everAsked(stage, play, snapshot)] }, path),
      )
      if (!lapsed)
        expect(
          found.some((one) => one.length > 0),
          `refused: ${event.data.why}`,
        ).toBe(true)
    }
    if (event.type === 'grant.revoke_intended' && event.actor.kind === 'user')
      expect(play.revokers.get(number) ?? [], 'revoked by a comment').toContain(Number(event.actor.id))
  }
}

import { expect } from 'vitest'
import type { LedgerEvent } from '../../../app/audit/event.ts'
import { repositoryId } from '../../support/memory/hub.ts'
import { outliving } from '../../support/restatement/ends.ts'
import { againstPolicies } from '../../support/restatement/may-accept.ts'
import { against } from '../../support/restatement/may-grant.ts'
import { policyOf, rulesPath } from './rules.ts'
import { everAsked, given, type Stage, truthOf } from './stage.ts'

const waiting = ['pending', 'approved', 'denied']
const final = ['grant.refused', 'request.lapsed']

/** What every request file of the model asks for. */
const asked = 2 * 3_600_000

/** Where no request lies, nobody asks for anything. */
const odd = /[A-Z]|more/

const mayRevoke = (ids: readonly number[] = []): boolean => ids.some((id) => [1001, 1002, 1003].includes(id))

/** Watches the ledger while things happen: what it says must follow from what GitHub knows. */
export const createWatch = (stage: Stage) => {
  const { world, arrived, changed, revokers } = stage
  const { git } = world.hub
  const first = stage.accepted
  let checked = 0
  let held: ReadonlyMap<string, string> = new Map()
  let last = first

  const entryAt = (commit: string, path: string): string =>
    `${git.mode(commit, path)} ${git.held(commit).tree.get(path)}`

  /** Where the branch has been since the last look, oldest first. */
  const steps = (): readonly string[] => {
    const found: string[] = []
    for (let at: string | undefined = git.tip('main'); at !== undefined && at !== last; ) {
      found.push(at)
      at = git.reaches(at, last) ? git.parents(at)[0] : undefined
    }
    return found.reverse()
  }

  const look = async (): Promise<void> => {
    // Every state that the branch went through counts, those within one push, too.
    for (const commit of steps()) {
      const paths = [...git.held(commit).tree.keys()].filter((path) => path.startsWith('requests/'))
      const now = new Map(paths.map((path) => [path, entryAt(commit, path)]))
      for (const path of paths) if (!odd.test(path)) arrived.add(path)
      for (const [path, was] of held) if (now.get(path) !== was) changed.add(path)
      held = now
    }
    last = git.tip('main')
    const events = world.ledger.events()
    for (; checked < events.length; checked++) {
      const event = events[checked]
      if (event !== undefined) await judge(event, events.slice(0, checked))
    }
  }

  const judge = async (event: LedgerEvent, before: readonly LedgerEvent[]): Promise<void> => {
    const number = event.pull ?? 0
    if (event.type === 'policy.accepted') {
      const truth = await truthOf(stage, number, 'merge', Date.parse(event.at), false, before)
      expect(againstPolicies(truth), `policies of ${number}`).toEqual([])
      stage.accepted = String(event.commit)
      stage.loaded = undefined
    }
    if (event.type === 'policy.loaded' && stage.accepted !== first) stage.loaded = Date.parse(event.at)
    const own = before.filter(({ request, grant }) => (request ?? grant) === (event.request ?? event.grant))
    const scheduled = own.some(({ type }) => type === 'grant.scheduled')
    const why = async (late: boolean) => {
      const moment = scheduled ? 'start' : 'merge'
      const truth = await truthOf(stage, number, moment, Date.parse(event.at), late, before)
      const company = late && (await wasToxic(number)) ? everAsked(stage) : []
      return against({ ...truth, standing: [...truth.standing, ...company] }, path)
    }
    const path = String(event.data.path ?? own.find(({ data }) => data.path !== undefined)?.data.path)
    if (given.includes(event.type)) {
      expect(await why(false), `${event.type} for ${path} of ${number}`).toEqual([])
      const others = before.filter((one) => given.includes(one.type) && one.data.path === path)
      expect(
        others.filter((one) => one.request !== event.request || one.type === event.type),
        `one grant for ${path}`,
      ).toEqual([])
      const ended = before.filter(
        (one) => final.includes(one.type) && (one.request === event.request || one.pull === number),
      )
      if (!scheduled) expect(ended, `${path} of ${number} was refused`).toEqual([])
      // 3.8: its end is its time and what was asked for.
      const end = Date.parse(event.at) + asked
      if (event.type === 'grant.intended') expect(Date.parse(String(event.data.ends_at)), path).toBe(end)
    }
    // The other way round: what is refused has something against it.
    if (event.type === 'grant.refused' && number > 0) {
      const lapsed = before.some((one) => one.type === 'request.lapsed' && one.pull === number)
      // What went before a change of the policies may ask for more than can be seen from here (trust.md 1.9).
      // 6.27: whoever may revoke may do so before there is a grant.
      const revoked = /revoked it before it was granted \(comment\)/.test(String(event.data.why))
      if (revoked) expect(mayRevoke(revokers.get(number)), 'revoked by a comment').toBe(true)
      else if (!lapsed && stage.loaded === undefined)
        expect(await why(true), `refused: ${event.data.why}`).not.toEqual([])
    }
    if (event.type === 'grant.revoke_intended') {
      const by = Number(event.actor.id)
      if (event.actor.kind === 'user') {
        expect(revokers.get(number) ?? [], 'revoked by a comment').toContain(by)
        expect(mayRevoke([by]), 'may revoke').toBe(true)
      } else if (event.actor.id === 'branch') expect([...changed], 'revoked by the branch').toContain(path)
      else if (event.actor.id === 'policies')
        expect(everBlocked(before), 'revoked by the policies').toBe(true)
    }
  }

  /** Whether something of this pull request's was refused for what goes with it. */
  const wasToxic = async (number: number): Promise<boolean> =>
    JSON.stringify(await world.store.pull(repositoryId, number)).includes('must not be held together')

  const everBlocked = (events: readonly LedgerEvent[]): boolean =>
    events.some(({ type, commit }) => {
      const rules = type === 'policy.accepted' ? git.held(String(commit)).tree.get(rulesPath) : undefined
      return rules !== undefined && policyOf(git.text(rules)).people.some(({ blocked }) => blocked)
    })

  /** What cannot be told is trouble, by name, and no verdict before `grantWindow` ends (trust.md 3.12). */
  const cannotTell = async (number: number): Promise<boolean> => {
    const decision = (await world.store.pull(repositoryId, number))?.decision
    return decision?.verdict === 'not_yet' && /cannot be told|shares no history/.test(decision.summary)
  }

  /** Nothing is left to do: every request has come to where it belongs. */
  const atRest = async (): Promise<void> => {
    for (const { number, merged, state } of world.hub.pulls.values()) {
      const states = world.store.requestRows().flatMap((row) => (row.pull === number ? [row.state] : []))
      const allowed = merged
        ? ['granted', 'refused', 'cancelled', 'lapsed', ...((await cannotTell(number)) ? waiting : [])]
        : state === 'closed'
          ? ['cancelled', 'lapsed']
          : [...waiting, 'cancelled']
      for (const one of states) expect(allowed, `pull request ${number}`).toContain(one)
    }
    for (const { request, grant } of await world.store.status({})) {
      // One that is being taken away may stay so while a late write of a replica that was killed can still come.
      if (grant === undefined || ['revoking', 'ended', 'refused'].includes(grant.state)) continue
      expect(entryAt(git.tip('main'), request.path), 'still on the branch').toBe(`100644 ${request.blob}`)
    }
    const history = git.line(git.tip('main')).map((commit) => git.held(commit).tree)
    const untold = new Set<string>()
    for (const { number, merged, head, mergeCommit } of world.hub.pulls.values()) {
      const row = merged ? await world.store.pull(repositoryId, number) : undefined
      const trouble = merged && (await cannotTell(number))
      for (const path of git.held(head.sha).tree.keys()) {
        // What the push that merged it took away again asks for nothing.
        const gone = mergeCommit !== undefined && !git.held(mergeCommit).tree.has(path)
        if (trouble || (gone && row?.decision.verdict === 'passed')) untold.add(path)
      }
    }
    for (const path of arrived) {
      if (untold.has(path)) continue
      // What a rewritten branch lost before anybody looked was never seen.
      if (!history.some((tree) => tree.has(path))) continue
      const types = world.ledger.events().flatMap(({ type, data }) => (data.path === path ? [type] : []))
      const settled = types.some((type) => given.includes(type) || type === 'grant.refused')
      expect(settled, `${path} was granted or refused`).toBe(true)
    }
    const due = await world.store.due(world.clock.now(), 10)
    expect(due).toEqual([])
  }
  /** The cloud holds nothing past its end. A row may wait longer: what a killed look wrote can come late. */
  const nothingOutlives = async (): Promise<void> => {
    const held = (await world.bindings.all()).map(({ grant }) => grant)
    const past = outliving(world.ledger.events(), held, world.clock.now())
    expect(past, 'given past its end').toEqual([])
  }
  return { look, atRest, nothingOutlives }
}

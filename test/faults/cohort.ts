import { setTimeout as pause } from 'node:timers/promises'
import { requestId } from '../../app/request/id.ts'
import { until } from '../../app/sandbox/until.ts'
import { pathOf, type TestWorld, textOf } from '../support/world.ts'
import { type Cell, type Fate, isRevoked, type Mischief, nameOf, type Phase, phases } from './cell.ts'
import { type Cloud, deedOf, type Given, slots } from './clouds/cloud.ts'
import { compareUntil } from './compare.ts'
import { mend, titleOf } from './mend.ts'
import { createFaultPlan } from './plan-faults.ts'
import { keepReplica } from './replica.ts'
import { isOver, leap, type Row, settle } from './settle.ts'
import type { Stage } from './stage.ts'
import { watchCalls } from './watch-calls.ts'

/** One grant to be played; without a cell nothing goes wrong with it. */
export type Part = { readonly cloud: string; readonly fate: Fate; readonly cell?: Cell }
type Player = Part & { readonly in: Cloud; readonly slot: string; readonly path: string }
type Member = Player & { readonly id: string }

/** Files of one pull request. */
const together = 20
const durationMs = 30 * 60_000
/** By then every live grant, and every cloud, is due to be looked at. */
const lookMs = 10 * 60_000
/** Nobody's clock goes on to where somebody may have ended. */
const marginMs = 60_000
/** So long before their ends the faults of a mischief are over: some calls come minutes after a revocation. */
const revokeMs = 11 * 60_000
/** And so long before them those of what comes back. */
const regainMs = 2 * 60_000
/** How long after a grant's end what is found may be a read that lags: AWS's propagation, and the time of a list. */
const settledMs = 8 * 60_000
/** What one wait may take, by the stopwatch. */
const limitMs = 300_000
let cohorts = 0

/**
 * Plays the lives of many grants at once, each in a slot of its own under its own fault: merged, active, with credentials
 * where there are any, looked at, tampered with, revoked or expired, over. After each stretch what the cloud has must be
 * what the ledger says, and what others did undone.
 * @returns what was wrong, in words; the cells whose fault no call met. Of undisturbed lives: the calls in which they
 * differ from what their clouds' tables say
 */
export const playCohort = async (
  stage: Stage,
  parts: readonly Part[],
): Promise<{
  readonly wrong: readonly string[]
  readonly unmet: readonly string[]
}> => {
  cohorts++
  const { world, clouds } = stage
  for (const cloud of clouds) cloud.forget?.()
  const players = seated(clouds, parts)
  const wrong: string[] = []
  const calls = watchCalls(players)
  const faults = createFaultPlan(
    players.flatMap((one) => (one.cell === undefined ? [] : [{ ...one, cell: one.cell }])),
    () => replica.kill(),
  )
  const undisturbed = parts.every(({ cell }) => cell === undefined)
  const begin = (phase: Phase) => {
    faults.begin(phase)
    calls.during(phase)
    // Whoever is asked first in it asks for a token.
    for (const cloud of clouds) cloud.expireTokens?.()
  }
  const replica = keepReplica(world)
  try {
    await replica.ready()
    const release = await stage.hold()
    begin('ask')
    /** Before anybody's end. */
    const before = world.clock.now() + durationMs - marginMs
    const members = await ask(world, players)
    const ids = members.map(({ id }) => id)
    // Whoever has a grant was decided: of limits nobody asks any more.
    await settle(stage, replica, ids, () => true)

    begin('give')
    await release()
    const live = await settle(stage, replica, ids, ({ state }) => state === 'active' || isOver(state))
    wrong.push(...(await differing(members, live)))

    begin('use')
    await Promise.all(members.map((one) => use(world, one, live)))

    begin('look')
    await leap(stage, lookMs)
    const due = world.clock.now()
    const well = ({ state, look, tries }: Row) =>
      isOver(state) || Number(look) > before || (tries === 0 && Number(look) > due)
    wrong.push(...(await differing(members, await settle(stage, replica, ids, well))))
    // Nobody waits for it: how a comparison ends shows later.
    await waited(() => (undisturbed ? calls.lacking('look').length === 0 : faults.met('look')))

    const mended = async (what: Mischief, last: number): Promise<void> => {
      const how = { stage, replica, faults, begin: () => begin(what) }
      wrong.push(...(await mend(how, members, what, last)))
      // Who is over has lost with it what was done.
      if (members.some(({ fate }) => fate === what) && world.clock.now() > before + marginMs)
        wrong.push(`${what}: undone only by the grants’ ends`)
    }
    const mendBy = before - revokeMs
    await mended('stray', mendBy)
    await mended('drift', mendBy)
    const tampered = members.filter(({ fate }) => fate === 'stray' || fate === 'drift')
    const endsBy = new Set(
      idsOf(tampered.filter((one) => deedOf(one.in, 'drift')?.ends && one.fate === 'drift')),
    )
    const isWell = (row: Row) =>
      isOver(row.state) || (row.tries === 0 && Number(row.look) > due && !endsBy.has(row.id))
    // What a grant needs longer for is judged when all are over.
    const enough = (row: Row) => isWell(row) || Number(row.look) > mendBy
    const told = await settle(stage, replica, idsOf(tampered), enough)
    wrong.push(...(await differing(tampered, told.filter(isWell))))

    begin('revoke')
    const [revoked, expired] = [
      members.filter(({ fate }) => isRevoked(fate)),
      members.filter(({ fate }) => !isRevoked(fate)),
    ]
    await withdraw(world, revoked)
    await until('them to be revoked', async () => (await activeOf(world, revoked)) === 0, limitMs)
    // Those that wait for longer are over once the others have ended.
    const rest = ({ state, look }: Row) => isOver(state) || (state !== 'active' && Number(look) > before)
    const gone = await settle(stage, replica, idsOf(revoked), rest)
    wrong.push(
      ...(await differing(
        revoked,
        gone.filter(({ state }) => isOver(state)),
      )),
    )

    if (revoked.some(({ fate }) => fate === 'regain')) await leap(stage, settledMs)
    await mended('regain', before - regainMs)

    begin('expire')
    await leap(stage, durationMs)
    wrong.push(...(await undue(world, members)))
    const over = await settle(stage, replica, idsOf(expired), ({ state }) => isOver(state))
    wrong.push(...(await differing(expired, over)))

    faults.clear()
    calls.during()
    // Whatever was never answered has been looked at once more by then.
    await leap(stage, 11 * 60_000)
    const rows = await settle(stage, replica, ids, ({ state }) => isOver(state))
    const providers = clouds.map(({ provider }) => provider)
    const clean = async () =>
      clouds.every((one) => one.leftovers().length === 0) && (await untold(world)).length === 0
    await compareUntil(stage, replica, providers, clean, world.clock.now() + lookMs, 10)
    wrong.push(...(await differing(members, rows)), ...clouds.flatMap((one) => one.leftovers()))
    wrong.push(...(await toldOnce(world, members)), ...(await untold(world)))
    if (undisturbed) wrong.push(...phases.flatMap(calls.lacking), ...calls.unknown())
    return { wrong, unmet: faults.unmet() }
  } finally {
    calls.stop()
    faults.clear()
    await replica.end()
  }
}

/** A minute at most: a neighbour's fault may have ended the comparison, and what was not met meets the next call. */
const waited = async (isSo: () => boolean): Promise<void> => {
  const end = performance.now() + 60_000
  while (!isSo() && performance.now() < end) await pause(100)
}

const activeOf = async (world: TestWorld, members: readonly Member[]): Promise<number> =>
  (await world.query(`select from grants where state = 'active' and id = any($1)`, [idsOf(members)])).length

const idsOf = (members: readonly Member[]) => members.map(({ id }) => id)

const seated = (clouds: readonly Cloud[], parts: readonly Part[]): readonly Player[] => {
  const taken = new Map<string, number>()
  return parts.map((part, index) => {
    const at = taken.get(part.cloud) ?? 0
    taken.set(part.cloud, at + 1)
    const [cloud, slot] = [clouds.find(({ name }) => name === part.cloud), slots[at]]
    if (cloud === undefined || slot === undefined) throw new Error(`no place for one more in ${part.cloud}`)
    return { ...part, in: cloud, slot, path: pathOf(`cohort-${cohorts}-${index}`) }
  })
}

/** Opens pull requests with their requests; gitsudo merges them. */
const ask = async (world: TestWorld, players: readonly Player[]): Promise<readonly Member[]> => {
  const members: Member[] = []
  for (let from = 0; from < players.length; from += together) {
    const some = players.slice(from, from + together)
    const files = Object.fromEntries(
      some.map((one) => [one.path, textOf({ provider: one.in.provider, ...one.in.asking(one.slot) })]),
    )
    const branch = `ask/cohort-${cohorts}-${from}`
    await world.push(branch, 'Ask for what is played', files)
    const { number } = await world.people.alice.openPull(branch, `Access: cohort ${cohorts}, from ${from}`)
    members.push(...some.map((one) => ({ ...one, id: requestId(world.repository.id, number, one.path) })))
  }
  return members
}

/** Has the requester ask for credentials until she gets them, as people do. */
const use = async (
  world: TestWorld,
  { in: cloud, slot, id, cell }: Member,
  rows: readonly Row[],
): Promise<void> => {
  if (cloud.given === undefined || rows.find((row) => row.id === id)?.state !== 'active') return
  const given = await until(
    `credentials of ${id}${cell === undefined ? '' : `, ${nameOf(cell)}`}`,
    async () => {
      const answer = await fetch(`${world.service.url}/api/v1/requests/${id}/credentials`, {
        method: 'POST',
        headers: { authorization: `Bearer ${world.people.alice.token}` },
      }).catch(() => undefined)
      return answer?.ok === true && ((await answer.json()) as Given)
    },
    limitMs,
  )
  cloud.given(slot, given)
}

/** Deletes their files. */
const withdraw = async (world: TestWorld, members: readonly Member[]): Promise<void> => {
  if (members.length === 0) return
  const clone = await world.clone('erin')
  await clone.commit(Object.fromEntries(members.map(({ path }) => [path, null])))
  await clone.git('push', '--quiet', 'origin', 'main')
}

/** Where the cloud has something else than the ledger says of these rows. */
const differing = async (
  members: readonly Member[],
  rows: readonly Pick<Row, 'id' | 'state'>[],
): Promise<readonly string[]> => {
  const found = await Promise.all(
    rows.map(async ({ id, state }) => {
      const one = members.find((member) => member.id === id)
      const held = await one?.in.held(one.slot)
      return one === undefined || held === undefined || held === Number(state === 'active')
        ? []
        : [`${titleOf(one)}: ${state}, and the cloud has ${held}`]
    }),
  )
  return found.flat()
}

/** Whom the cloud still lets in though the ledger has them over: nothing else than the debt is past its end. */
const undue = async (world: TestWorld, members: readonly Member[]): Promise<readonly string[]> => {
  await world.allSealed()
  const over = await world.query<{ id: string }>(
    `select distinct grant_id as id from audit_events where grant_id = any($1)
     and convert_from(body, 'UTF8')::jsonb ->> 'type' in ('grant.expired', 'grant.revoked', 'grant.failed')`,
    [idsOf(members)],
  )
  return differing(
    members,
    over.map(({ id }) => ({ id, state: 'ended' })),
  )
}

/** What was found of no grant's, and taken away, and is not on record as gone; a session’s end is its own. */
const untold = async (world: TestWorld): Promise<readonly string[]> => {
  const rows = await world.query<{ handle: string; gone: boolean }>(
    `select distinct on (handle) handle, gone from (
       select seq, d ->> 'handle' as handle, (d ->> 'gone')::boolean as gone, d ->> 'provider' as provider
       from audit_events, lateral (select convert_from(body, 'UTF8')::jsonb -> 'data' as d) as said
     ) as found where handle is not null and gone is not null and provider <> 'aws' order by handle, seq desc`,
  )
  return rows.flatMap(({ handle, gone }) => (gone ? [] : [`${handle}: found, and not on record as gone`]))
}

/** Where the ledger tells a life more than once, or not to its end. */
const toldOnce = async (world: TestWorld, members: readonly Member[]): Promise<readonly string[]> => {
  await world.allSealed()
  const rows = await world.query<{ id: string; types: readonly string[] }>(
    `select grant_id as id, array_agg(convert_from(body, 'UTF8')::jsonb ->> 'type' order by seq) as types
     from audit_events where grant_id = any($1) group by grant_id`,
    [idsOf(members)],
  )
  return members.flatMap((one) => {
    const types = rows.find(({ id }) => id === one.id)?.types ?? []
    const count = (...wanted: readonly string[]) => types.filter((type) => wanted.includes(type)).length
    const [intended, issued] = [count('grant.intended'), count('grant.issued')]
    const ends = count('grant.expired', 'grant.revoked', 'grant.failed', 'grant.refused')
    return intended === 1 && issued <= 1 && ends === 1 ? [] : [`${titleOf(one)}: ${types.join(' ')}`]
  })
}

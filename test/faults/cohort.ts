import { requestId } from '../../app/request/id.ts'
import { until } from '../../app/sandbox/until.ts'
import { pathOf, type TestWorld, textOf } from '../support/world.ts'
import { type Cell, type Ending, nameOf, type Spot } from './cell.ts'
import { type Cloud, type Given, slots } from './clouds/cloud.ts'
import { createFaultPlan } from './plan-faults.ts'
import { keepReplica } from './replica.ts'
import { over, type Row, settle } from './settle.ts'
import type { Stage } from './stage.ts'
import { watchCalls } from './watch-calls.ts'

/** One grant to be played; without a cell nothing goes wrong with it. */
export type Part = { readonly cloud: string; readonly ending: Ending; readonly cell?: Cell }
type Player = Part & { readonly in: Cloud; readonly slot: string; readonly path: string }
type Member = Player & { readonly id: string }

/** Files of one pull request. */
const together = 20
const durationMs = 30 * 60_000
let cohorts = 0

/**
 * Plays the lives of many grants at once, each in a slot of its own under its own fault: merged, active, with credentials
 * where there are any, revoked or expired, over. After each stretch what the cloud has must be what the ledger says.
 * @returns what was wrong, in words; the cells whose fault no call met; the calls that were made
 */
export const playCohort = async (
  { world, clouds }: Stage,
  parts: readonly Part[],
): Promise<{
  readonly wrong: readonly string[]
  readonly unmet: readonly string[]
  readonly spots: readonly Spot[]
}> => {
  cohorts++
  for (const cloud of clouds) cloud.forget?.()
  const players = seated(clouds, parts)
  const wrong: string[] = []
  const calls = watchCalls(players)
  const faults = createFaultPlan(
    players.flatMap((one) => (one.cell === undefined ? [] : [{ ...one, cell: one.cell }])),
    () => replica.kill(),
  )
  const begin = (...phase: Parameters<typeof faults.begin>) => {
    faults.begin(...phase)
    calls.during(...phase)
  }
  const replica = keepReplica(world, faults.again)
  try {
    await replica.ready()
    begin('give')
    const members = await ask(world, players)
    const ids = members.map(({ id }) => id)
    const live = await settle(world, replica, ids, ['active', ...over])
    wrong.push(...(await differing(members, live)))

    begin('use')
    await Promise.all(members.map((one) => use(world, one, live)))
    const [revoked, expired] = [membersOf(members, 'revoked'), membersOf(members, 'expired')]

    begin('take', 'revoked')
    await withdraw(world, revoked)
    wrong.push(...(await differing(revoked, await settle(world, replica, idsOf(revoked), over))))

    begin('take', 'expired')
    await world.jump(durationMs)
    wrong.push(...(await differing(expired, await settle(world, replica, idsOf(expired), over))))

    faults.clear()
    calls.during()
    // Whatever was never answered has been looked at once more by then, and every cloud compared with the ledger.
    await world.jump(11 * 60_000)
    const rows = await settle(world, replica, ids, over)
    wrong.push(...(await differing(members, rows)), ...clouds.flatMap((one) => one.leftovers()))
    wrong.push(...(await toldOnce(world, members)))
    return { wrong, unmet: faults.unmet(), spots: calls.spots() }
  } finally {
    calls.stop()
    faults.clear()
    await replica.stop()
  }
}

const idsOf = (members: readonly Member[]) => members.map(({ id }) => id)
const membersOf = (members: readonly Member[], ending: Ending) =>
  members.filter((one) => one.ending === ending)
const title = ({ cell, cloud, ending }: Part): string =>
  cell === undefined ? `${cloud}, ${ending}` : nameOf(cell)

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
    120_000,
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

/** Where the cloud has something else than the ledger says. */
const differing = async (members: readonly Member[], rows: readonly Row[]): Promise<readonly string[]> => {
  const found = await Promise.all(
    members.map(async (one) => {
      const row = rows.find(({ id }) => id === one.id)
      const wanted = row?.state === 'active' ? 1 : 0
      const held = await one.in.held(one.slot)
      return held === undefined || held === wanted
        ? []
        : [`${title(one)}: ${row?.state}, and the cloud has ${held}`]
    }),
  )
  return found.flat()
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
    return intended === 1 && issued <= 1 && ends === 1 ? [] : [`${title(one)}: ${types.join(' ')}`]
  })
}

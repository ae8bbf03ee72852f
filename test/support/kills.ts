import { expect } from 'vitest'
import { requestId } from '../../app/request/id.ts'
import { ended } from '../../app/sandbox/run.ts'
import type { Service } from '../../app/sandbox/service.ts'
import { until } from '../../app/sandbox/until.ts'
import { type Stop, stopsHit, writeStops } from './stop-points.ts'
import { type Asked, admin, openTestWorld, pathOf, type TestWorld } from './world.ts'

/** Where in a pull request's life the replica dies. */
export type KillPoint = Omit<Stop, 'mentions'> & {
  readonly at: string
  /** What the call's arguments mention besides the request. */
  readonly about?: string
  /** How the grant ends; when its time is up, unless told. */
  readonly end?: 'revoked'
}

/** A kill for one request can carry another past its own point, which is played again then. */
const mostRounds = 3
const askingReviewers = 'POST /repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers'

/**
 * Plays one pull request for each point, all in one replica that is killed at each and started again, and
 * expects every one of them granted once, ended once, shown once.
 * @param limitMs for each wait
 * @param merge `auto`: requests that need nobody; `manual`: people are asked, review and merge
 */
export const playKills = async (
  points: readonly KillPoint[],
  limitMs: number,
  merge: 'auto' | 'manual' = 'auto',
): Promise<void> => {
  const t = await openTestWorld({ merge })
  // A dead worker's job comes back after 3 s, not 10: this tests what happens then, not the wait.
  await t.query('update pgboss.queue set heartbeat_seconds = 3')
  let supervisor: ReturnType<typeof supervise> | undefined
  try {
    let left = points
    let played = 0
    for (let [round, first] = [1, 1]; left.length > 0 && round <= mostRounds; round++) {
      const stops = left.map((point, index) => stopOf(t, point, first + index))
      writeStops(t.stopFile, stops)
      if (supervisor === undefined) supervisor = supervise(t)
      else await supervisor.again()
      await Promise.race([play(t, left, first, limitMs), supervisor.failed])
      const hit = stopsHit(t.stopFile)
      first += left.length
      played += left.length
      left = left.filter((_, index) => !hit.includes(JSON.stringify(stops[index])))
    }
    // Every one of them has killed, once.
    expect(left).toEqual([])
    expect(stopsHit(t.stopFile)).toHaveLength(points.length)
    const asked = t.github.admin.counters().calls[askingReviewers] ?? 0
    expect([askingReviewers, asked]).toEqual([askingReviewers, merge === 'manual' ? played : 0])
    const verified = await t.verifyLedger()
    expect([verified.status, verified.stdout]).toEqual([
      0,
      expect.stringMatching(/^Chain intact: \d+ events verified/m),
    ])
  } finally {
    await supervisor?.stop()
    await t.close()
  }
}

const stopOf = (t: TestWorld, { at: _, about, end: __, ...stop }: KillPoint, pull: number): Stop => ({
  ...stop,
  mentions: [keyOf(stop.call, t.repository.id, pull), ...(about === undefined ? [] : [about])],
})

/** Starts the replica again whenever it was killed. */
const supervise = (t: TestWorld) => {
  let over = false
  let replica: Service | undefined
  const keepUp = async (): Promise<void> => {
    while (!over) {
      const before = stopsHit(t.stopFile).length
      try {
        replica = await t.start()
      } catch (error) {
        if (stopsHit(t.stopFile).length === before) throw error
        continue
      }
      await ended(replica.child)
    }
  }
  const running = keepUp()
  return {
    failed: running.then(() => Promise.reject(new Error('the supervisor ended'))),
    /** Started once more, the replica reads the stops of now. */
    again: async (): Promise<void> => replica?.kill(),
    async stop(): Promise<void> {
      over = true
      await replica?.kill()
      await Promise.allSettled([running])
    },
  }
}

const slugOf = (pull: number) => `killed-${pull}`

/** How a call's arguments name the pull request: by its number, in a check's external id, else by the request. */
const keyOf = (call: string, repository: number, pull: number): string => {
  if (call === 'store.acceptDelivery') return `pull: ${pull} `
  if (call === 'github.repository.merge' || call === 'github.repository.askReviewers') return `[ ${pull}, `
  if (call === 'github.repository.createCheck') return `:${pull}'`
  return requestId(repository, pull, pathOf(slugOf(pull)))
}

/** An owner and one more approver; as long as what needs nobody. */
const needsPeople = { ...admin, duration: '30m' }

/** Those who may approve are asked, two of them do, and one merges. */
const byPeople = async (t: TestWorld, at: string, asked: Asked, limitMs: number): Promise<void> => {
  const { number, head } = asked
  const says = (conclusion: string) =>
    until(
      `${at}: the check to be ${conclusion}`,
      async () => (await t.checks(head)).some((check) => check.conclusion === conclusion),
      limitMs,
    )
  const requested = async () => {
    const path = `/pulls/${number}/requested_reviewers`
    const { users } = await t.api<{ users: readonly { login: string }[] }>('GET', path)
    return users.map(({ login }) => login).sort()
  }
  await says('action_required')
  await until(`${at}: reviewers to be asked`, async () => (await requested()).length > 0, limitMs)
  expect([at, await requested()]).toEqual([at, ['bob', 'carol', 'erin']])
  for (const who of ['bob', 'carol'] as const)
    expect([at, await t.people[who].review(number, 'APPROVE')]).toEqual([at, 200])
  await says('success')
  expect([at, await t.people.carol.merge(number)]).toMatchObject([at, { status: 200 }])
}

/** @param first the number of the first pull request */
const play = async (
  t: TestWorld,
  points: readonly KillPoint[],
  first: number,
  limitMs: number,
): Promise<void> => {
  const manual = t.merge === 'manual'
  const played: (KillPoint & { readonly asked: Asked })[] = []
  for (const [index, point] of points.entries())
    played.push({ ...point, asked: await t.ask(slugOf(first + index), manual ? needsPeople : {}) })
  expect(played.map(({ asked }) => asked.number)).toEqual(points.map((_, index) => first + index))
  if (manual) await Promise.all(played.map(({ at, asked }) => byPeople(t, at, asked, limitMs)))
  await Promise.all(played.map(({ asked }) => t.reached(asked.id, 'active', limitMs)))

  for (const { asked, end } of played) {
    if (end !== 'revoked') continue
    const revoke = async () => (await t.gitsudo('alice', 'revoke', asked.id)).status === 0
    await until('the command to be taken', revoke, limitMs)
    await t.reached(asked.id, 'ended', limitMs)
  }
  await t.jump(31 * 60_000)
  await Promise.all(played.map(({ asked }) => t.reached(asked.id, 'ended', limitMs)))

  await t.allSealed()
  expect(await t.bindings()).toEqual([])
  for (const { at, asked, end } of played) {
    const shown = async () => {
      const comments = await t.comments(asked.number)
      return comments.some(({ body }) => body.includes('**ended**')) && comments
    }
    expect(await until(`${at}: the end in its comment`, shown, limitMs), at).toHaveLength(1)
    const types = (await t.events(asked.id)).map(({ type }) => type)
    const count = (type: string) => types.filter((one) => one === type).length
    expect([at, count('grant.intended'), count('grant.issued')]).toEqual([at, 1, 1])
    const once = { expired: count('grant.expired'), revoked: count('grant.revoked') }
    expect([at, once]).toEqual([
      at,
      end === 'revoked' ? { expired: 0, revoked: 1 } : { expired: 1, revoked: 0 },
    ])
    // Its only head, and all check runs on it: by default GitHub lists the newest alone.
    const { check_runs: checks } = await t.api<{ check_runs: readonly { conclusion: string | null }[] }>(
      'GET',
      `/commits/${asked.head}/check-runs?filter=all`,
    )
    expect([at, checks.map(({ conclusion }) => conclusion)]).toEqual([at, ['success']])
  }
}

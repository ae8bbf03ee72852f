import { rmSync } from 'node:fs'
import { expect } from 'vitest'
import type { EventType } from '../../../app/audit/event.ts'
import type { Service } from '../../../app/sandbox/service.ts'
import { until } from '../../../app/sandbox/until.ts'
import type { Login } from '../../../app/sandbox/world.ts'
import { type Asked, openTestWorld, says, type TestWorld } from '../../support/world.ts'

/** The running service among its people, and what every attack asserts. */
export type AttackWorld = TestWorld & {
  readonly replica: Service
  /** A second access repository of the same service. */
  readonly second: { readonly id: number; readonly fullName: string }
  /** Reviews that GitHub takes, one after another. */
  approve(pull: number, ...logins: readonly Login[]): Promise<void>
  /** GitHub merges; the administrator erin merges past a failing check too. */
  land(pull: number, as?: Login): Promise<string>
  /** Waits until a merged request is refused, its pull request says why, and nothing was granted; answers the reason sealed. */
  refused(asked: Asked, mention: string): Promise<string>
  /** Waits until the pull request says that a grant was revoked, and answers for why, which is sealed. */
  endedAs(asked: Asked, why: string): Promise<void>
  /** Nothing was granted by this pull request: no row, nothing at the provider, no sealed or staged grant event. */
  nothingGranted(pull: number, repository?: number): Promise<void>
  /** Waits until gitsudo's check on a commit is under way and says this: not yet. */
  pending(head: string, mention: string): Promise<true>
  /** Waits until a comment of ours on the pull request says this. */
  commented(pull: number, mention: string): Promise<string>
  /** Waits for an alert line of the service. */
  alerted(
    event: string,
    about?: Readonly<Record<string, unknown>>,
  ): Promise<Readonly<Record<string, unknown>>>
}

let shared: Promise<AttackWorld> | undefined

/**
 * The world that all attacks of one test process share: people merge by themselves (`merge: manual`), nothing is ever
 * put back, so each attack uses paths and branches of its own. One that changes what everybody sees (policies, people,
 * the App, the branch's rules, the clock) opens its own with `ownWorld` and closes it.
 */
export const attackWorld = (): Promise<AttackWorld> => {
  shared ??= ownWorld({ merge: 'manual', others: ['second'] }).then(kept)
  return shared
}

let timed: Promise<AttackWorld> | undefined

/** As `attackWorld`, for attacks that move everybody's clock: whatever they leave standing may end meanwhile. */
export const timedWorld = (): Promise<AttackWorld> => {
  timed ??= ownWorld({ merge: 'manual' }).then(kept)
  return timed
}

/** A world that lasts as long as its process. */
export const kept = (world: AttackWorld): AttackWorld => {
  world.endWithProcess(world.replica.child.pid)
  return world
}

/** A world for one test file, with the service started; `close` it. */
export const ownWorld = async (options: Parameters<typeof openTestWorld>[0]): Promise<AttackWorld> => {
  const world = await openTestWorld(options)
  const replica = await world.start()
  const nothingGranted = async (pull: number, repository = world.repository.id) => {
    await world.allSealed()
    expect(
      await world.query('select id, state from grants where repository = $1 and pull = $2', [
        repository,
        pull,
      ]),
    ).toEqual([])
    // Whatever is there is another pull request's: nothing of this one, and nothing that nobody asked for.
    expect(
      await world.query(
        'select grant_id from mock_bindings where grant_id not in (select id from requests where (repository, pull) <> ($1, $2))',
        [repository, pull],
      ),
    ).toEqual([])
    expect(await grantEvents(world, repository, pull)).toEqual([])
  }
  const commented = (pull: number, mention: string) =>
    until(`a comment on ${pull} that says ${mention}`, async () =>
      (await world.comments(pull)).map(({ body }) => body).find((body) => says(body, mention)),
    )
  return {
    ...world,
    replica,
    second: world.others[0] ?? { id: 0, fullName: 'none' },
    nothingGranted,
    commented,
    async approve(pull, ...logins) {
      for (const login of logins) expect(await world.people[login].review(pull, 'APPROVE')).toBe(200)
    },
    pending: (head, mention) => pending(world, head, mention),
    async land(pull, as = 'erin') {
      const { status, sha, message } = await world.people[as].merge(pull)
      expect([status, message]).toEqual([200, 'Pull Request successfully merged'])
      return sha ?? ''
    },
    async refused(asked, mention) {
      await world.reached(asked.id, 'refused')
      await commented(asked.number, mention)
      await nothingGranted(asked.number)
      const refusal = (await world.events(asked.id)).find(({ type }) => type === 'grant.refused')
      return JSON.stringify(refusal?.data)
    },
    async endedAs({ id, number }, why) {
      const said = await commented(number, '**ended** (revoked')
      expect(said).toContain(id)
      await world.allSealed()
      const revoked = (await world.events(id)).find(({ type }) => type === 'grant.revoke_intended')
      expect(revoked?.data.why).toContain(why)
    },
    alerted: (event, about = {}) =>
      until(`the alert ${event}`, async () =>
        replica.alerts.find(
          (line) =>
            line.event === event && Object.entries(about).every(([key, value]) => line[key] === value),
        ),
      ),
    async close() {
      await replica.stop()
      await world.close()
      rmSync(world.dir, { recursive: true, force: true })
    },
  }
}

const pending = (world: Pick<TestWorld, 'checks'>, head: string, mention: string): Promise<true> =>
  until(`the check on ${head.slice(0, 10)} to wait, with ${mention}`, async () =>
    (await world.checks(head)).some(
      ({ conclusion, output }) => conclusion === null && says(output.summary, mention),
    ),
  )

const grantEvents = async (
  world: TestWorld,
  repository: number,
  pull: number,
): Promise<readonly string[]> => {
  const bodies = await world.query<{ body: Buffer }>('select body from audit_events order by seq')
  return bodies
    .map(({ body }) => JSON.parse(body.toString('utf8')) as { type: EventType; repo?: number; pull?: number })
    .filter(({ repo, pull: at }) => repo === repository && at === pull)
    .map(({ type }) => type)
    .filter((type) => given.includes(type))
}

const given: readonly EventType[] = [
  'grant.intended',
  'grant.scheduled',
  'grant.issued',
  'credentials.issued',
]

import { describe, expect, test } from 'vitest'
import type { PolicyQuestion } from '../../app/reconcile/ports/evaluator.ts'
import { accessWorld, type Deny, filePath, requestFile } from '../support/memory/access-world.ts'
import { Crash, createCrashes } from '../support/memory/crash.ts'
import { repositoryId } from '../support/memory/hub.ts'
import type { Person } from '../support/memory/hub-people.ts'
import { createStall } from '../support/memory/stall.ts'

const minute = 60_000
const elsewhere = 654_321
type Ask = { readonly repository: number; readonly role: 'reader' | 'writer'; readonly startsAt?: number }

/** Harmless alone, toxic together, and no word on what is only asked for or lies ahead: the races decide. */
const heldTogether: Deny = ({ request, activeGrants }) =>
  activeGrants
    .filter(({ role, state }) => role !== request.role && state !== 'scheduled')
    .map(({ role }) => `${request.role} and ${role} must not be held together`)

type Around = <T extends object>(port: T) => T
type AroundSome = <T extends object>(port: T, names: readonly (keyof T & string)[]) => T
/** Puts something before every method of a port. */
const everyCall =
  (around: AroundSome): Around =>
  <T extends object>(port: T) =>
    around(
      port,
      (Object.keys(port) as (keyof T & string)[]).filter(
        // What is streamed is no promise.
        (name) => typeof port[name] === 'function' && name !== 'read',
      ),
    )

/** Two requests of alice's, approved and merged, undecided yet; a scheduled one has been decided, and waits. */
const merged = async (asks: readonly [Ask, Ask], around: Around) => {
  const { deny } = around({ deny: heldTogether })
  const world = accessWorld({ others: [elsewhere], deny: async (question) => deny(question), around })
  const pulls: string[] = []
  for (const [index, { repository, role, startsAt }] of asks.entries()) {
    const hub = world.hubOf(repository)
    const name = `p${index}`
    const start = startsAt === undefined ? undefined : world.clock.now() + startsAt
    hub.push(name, { [filePath(name)]: requestFile(name, start, role) }, 'alice')
    const pull = hub.open(name, 'alice')
    hub.review(pull, 'bob')
    await hub.merge(pull, 'alice')
    if (startsAt !== undefined) await world.settle()
    pulls.push(`${repository}:${pull}`)
  }
  await world.deliver()
  world.queue.take()
  for (const { startsAt } of asks) if (startsAt !== undefined) world.clock.advance(startsAt)
  const granted = () =>
    world.store
      .grantRows()
      .filter(({ state }) => !['refused', 'failed'].includes(state))
      .map(({ state }) => state)
  return { world, pulls, granted, look: (key = '') => world.look({ queue: 'pull-request', key }) }
}

const soon = 60 * minute
const pairs: readonly (readonly [string, readonly [Ask, Ask]])[] = [
  [
    'merged in one repository',
    [
      { repository: repositoryId, role: 'reader' },
      { repository: repositoryId, role: 'writer' },
    ],
  ],
  [
    'merged in two repositories',
    [
      { repository: repositoryId, role: 'reader' },
      { repository: elsewhere, role: 'writer' },
    ],
  ],
  [
    'one starting while the other merges',
    [
      { repository: repositoryId, role: 'reader', startsAt: soon },
      { repository: elsewhere, role: 'writer' },
    ],
  ],
  [
    'starting at once',
    [
      { repository: repositoryId, role: 'reader', startsAt: soon },
      { repository: elsewhere, role: 'writer', startsAt: soon },
    ],
  ],
]

/** Everything that can happen in a world comes to the one end. */
const oneThrough = async ({ world, granted, pulls }: Awaited<ReturnType<typeof merged>>, what: string) => {
  await world.queue.wake(pulls.map((key) => ({ queue: 'pull-request', key })))
  await world.pass(2 * minute)
  expect([what, granted()]).toEqual([what, ['active']])
  const refusal = world.ledger.events().find(({ type }) => type === 'grant.refused')
  expect([what, refusal?.data.why]).toEqual([what, expect.stringContaining('must not be held together')])
}

/** One look sleeps at this call while the other decides. @returns before which call; undefined: it has no such call */
const sleepingAt = async (
  call: number,
  stall: ReturnType<typeof createStall>,
  look: () => Promise<void>,
  meanwhile: () => Promise<void>,
): Promise<string | undefined> => {
  const asleep = stall.plan(call)
  const sleeper = look()
  await Promise.race([asleep, sleeper])
  const where = stall.at()
  const other = meanwhile()
  // Memory knows no time: by now the other has decided, or waits for a lock that the sleeper holds.
  await new Promise(setImmediate)
  stall.wake()
  await Promise.all([sleeper, other])
  return where
}

test('two pull requests with one head, merged by one click: one sleeps at any call (6.06b)', async () => {
  for (let call = 0; ; call++) {
    const stall = createStall()
    const world = accessWorld({ around: everyCall(stall.around) })
    world.move('y', world.push('x', { [filePath('a')]: requestFile('a') }, 'alice'), 'alice')
    const [first, second] = [world.open('x', 'alice'), world.open('y', 'alice')]
    await world.settle()
    for (const pull of [first, second]) world.review(pull, 'bob')
    await world.settle()
    await world.merge(first, 'alice')
    await world.deliver()
    world.queue.take()
    const look = (pull: number) => () => world.look({ queue: 'pull-request', key: `${repositoryId}:${pull}` })
    const where = await sleepingAt(call, stall, look(first), look(second))
    for (const pull of [first, second]) await look(pull)()
    await world.pass(2 * minute)
    const states = [(await world.states(first)).a, (await world.states(second)).a]
    expect([where, states.toSorted()]).toEqual([where, ['active', 'refused']])
    if (where === undefined) break
    expect(call).toBeLessThan(200)
  }
})

describe.each(pairs)('two requests, %s, do not both get through', (_, pair) => {
  test.each([[0, 1] as const, [1, 0] as const])(
    '%j: one sleeps at any call while the other decides',
    async (...order) => {
      for (let call = 0; ; call++) {
        const stall = createStall()
        const on = await merged(pair, everyCall(stall.around))
        const [first, second] = order.map((index) => on.pulls[index])
        const where = await sleepingAt(
          call,
          stall,
          () => on.look(first),
          () => on.look(second),
        )
        await oneThrough(on, `asleep at ${where}, call ${call}`)
        if (where === undefined) break
        expect(call).toBeLessThan(200)
      }
    },
  )

  test.each([false, true])('one dies at any call, after its effect: %j', async (after) => {
    for (let call = 0, died = true; died; call++) {
      const crashes = createCrashes()
      const on = await merged(pair, everyCall(crashes.around))
      const [first, second] = on.pulls
      crashes.plan(call, after)
      died = await on.look(first).then(
        () => false,
        (error: unknown) => {
          if (error instanceof Crash) return true
          throw error
        },
      )
      crashes.clear()
      await on.look(second)
      await on.look(first)
      await oneThrough(on, `died at call ${call}`)
      expect(call).toBeLessThan(200)
    }
  })
})

describe('what the policies are told of a person (trust.md 3.9)', () => {
  /** The last question asked about each request, by its path's name. */
  const listening = (deny: Deny = () => []) => {
    const asked = new Map<string, PolicyQuestion>()
    const world = accessWorld({
      others: [elsewhere],
      deny: (question) => {
        asked.set(question.request.reason.replace('INC-1 ', ''), question)
        return deny(question)
      },
    })
    const open = (
      repository: number,
      name: string,
      files: Readonly<Record<string, string>>,
      by: Person = 'alice',
    ) => {
      const hub = world.hubOf(repository)
      hub.push(
        name,
        Object.fromEntries(Object.entries(files).map(([path, text]) => [filePath(path), text])),
        by,
      )
      return hub.open(name, by)
    }
    return { world, asked, open }
  }

  test('queued requests everywhere; those of other repositories without reason and metadata', async () => {
    const { world, asked, open } = listening()
    open(elsewhere, 'there', { there: requestFile('there') })
    await world.settle()
    open(repositoryId, 'first', { first: requestFile('first') })
    await world.settle()
    open(repositoryId, 'second', { second: requestFile('second', undefined, 'writer') })
    await world.settle()
    const queued = asked.get('second')?.queuedGrants ?? []
    expect(queued.map(({ repository, state }) => [repository, state])).toEqual([
      [`acme/access-${elsewhere}`, 'pending'],
      ['acme/access', 'pending'],
    ])
    for (const secret of ['reason', 'metadata']) expect(queued[0]).not.toHaveProperty(secret)
    expect(queued[1]).toMatchObject({ reason: 'INC-1 first', metadata: {} })
  })

  test('what waits without a start starts now at the earliest, so that it overlaps what starts now', async () => {
    const { world, asked, open } = listening()
    open(repositoryId, 'waits', { waits: requestFile('waits') })
    await world.settle()
    world.clock.advance(30 * minute)
    open(repositoryId, 'pair', { one: requestFile('one'), two: requestFile('two') })
    await world.settle()
    const now = world.clock.now()
    const spans = asked.get('one')?.queuedGrants.map(({ startsAt, endsAt }) => [startsAt, endsAt])
    expect(spans).toEqual([
      [now, now + 120 * minute],
      [now, now + 120 * minute],
    ])
  })

  test('a grant somewhere else, live or scheduled, counts as active', async () => {
    const { world, asked, open } = listening()
    const hub = world.hubOf(elsewhere)
    const later = requestFile('later', world.clock.now() + 60 * minute)
    for (const [name, text] of Object.entries({ live: requestFile('live'), later })) {
      const pull = open(elsewhere, name, { [name]: text })
      hub.review(pull, 'bob')
      await hub.merge(pull, 'alice')
      await world.settle()
    }
    open(repositoryId, 'new', { new: requestFile('new') })
    await world.settle()
    const held = asked.get('new')?.activeGrants ?? []
    expect(held.map(({ state }) => state).toSorted()).toEqual(['active', 'scheduled'])
    for (const grant of held) expect(grant).not.toHaveProperty('reason')
  })

  test('two requests in one pull request see each other, and neither is granted', async () => {
    const { world, open } = listening(({ request, queuedGrants }) =>
      queuedGrants.some(({ role }) => role !== request.role) ? ['not together'] : [],
    )
    const pull = open(repositoryId, 'both', {
      x: requestFile('x'),
      y: requestFile('y', undefined, 'writer'),
    })
    await world.settle()
    world.review(pull, 'bob')
    await world.settle()
    expect(await world.states(pull)).toEqual({ x: 'denied', y: 'denied' })
    await world.merge(pull, 'carol')
    await world.settle()
    expect(await world.states(pull)).toEqual({ x: 'refused', y: 'refused' })
  })
})

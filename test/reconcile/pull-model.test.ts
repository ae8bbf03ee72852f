import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { LedgerEvent } from '../../app/audit/event.ts'
import { catchUp } from '../../app/reconcile/catch-up.ts'
import { GitHubError, type PullRequest } from '../../app/reconcile/ports/github.ts'
import { type AccessWorld, accessWorld, filePath, requestFile } from '../support/memory/access-world.ts'
import { Crash, createCrashes } from '../support/memory/crash.ts'
import type { Person } from '../support/memory/hub.ts'

const runs = Number(process.env.GITSUDO_MODEL_RUNS ?? 150)
/** One seed unless told, so that a run says the same twice; `GITSUDO_SEED=random`: a new one, which a failure prints. */
const seed = process.env.GITSUDO_SEED === 'random' ? undefined : Number(process.env.GITSUDO_SEED ?? 1) || 1

const second = 1000
const minute = 60 * second

/** One thing that happens; what it does not fit is passed over. */
type Happening =
  | {
      readonly kind: 'push'
      readonly branch: string
      readonly file: string
      readonly text: string
      readonly by: Person
      readonly force: boolean
    }
  | { readonly kind: 'drop'; readonly branch: string; readonly file: string }
  | { readonly kind: 'open'; readonly branch: string }
  | {
      readonly kind: 'review'
      readonly pull: number
      readonly by: Person
      readonly state: 'APPROVED' | 'CHANGES_REQUESTED'
    }
  | { readonly kind: 'dismiss'; readonly review: number }
  | { readonly kind: 'close' | 'reopen'; readonly pull: number }
  | {
      readonly kind: 'merge'
      readonly pull: number
      readonly how: 'merge' | 'squash' | 'rebase'
      readonly stowaway: boolean
      /** By carol, who pushes nothing, the moment before. */
      readonly approved: boolean
    }
  | { readonly kind: 'direct'; readonly file: string; readonly text: string | undefined }
  | { readonly kind: 'lose' | 'double' | 'work' | 'catch up' }
  | { readonly kind: 'killed'; readonly call: number; readonly after: boolean }
  | { readonly kind: 'away'; readonly on: 'github' | 'git' | 'none' }
  | { readonly kind: 'wait'; readonly ms: number }

const branch = fc.constantFrom('p', 'q')
const file = fc.constantFrom('a', 'b')
const text = fc.constantFrom('one', 'two')
const pull = fc.constantFrom(1, 1, 2, 2, 3)
/** Two pull requests to begin with, with the same file or another. */
const opening = (other: string): readonly Happening[] =>
  [
    ['p', 'a'],
    ['q', other],
  ].flatMap(([at = '', path = '']): Happening[] => [
    { kind: 'push', branch: at, file: path, text: 'one', by: 'alice', force: false },
    { kind: 'open', branch: at },
  ])
const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('push'),
      branch,
      file,
      text,
      by: fc.constantFrom<Person>('alice', 'alice', 'bob'),
      force: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop'), branch, file }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('open'), branch }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('review'),
      pull,
      by: fc.constantFrom<Person>('alice', 'bob', 'carol', 'carol'),
      state: fc.constantFrom('APPROVED', 'APPROVED', 'APPROVED', 'CHANGES_REQUESTED'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('dismiss'), review: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('close'), pull }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('reopen'), pull }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('merge'),
      pull,
      how: fc.constantFrom('merge', 'squash', 'rebase'),
      stowaway: fc.boolean(),
      approved: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('direct'), file, text: fc.option(text, { nil: undefined }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('double') }) },
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('work') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('catch up') }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('killed'), call: fc.nat(40), after: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('away'), on: fc.constantFrom('github', 'git', 'none', 'none') }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('wait'),
      ms: fc.constantFrom(minute, 20 * minute, 8 * 24 * 60 * minute),
    }),
  },
)

type Truth = {
  /** Path → the pull request that brought it to the branch first; 0: a push. */
  readonly arrived: Map<string, number>
  readonly reopened: Map<number, number>
}

const happen = async (
  world: AccessWorld,
  crashes: ReturnType<typeof createCrashes>,
  truth: Truth,
  what: Happening,
): Promise<void> => {
  const { hub } = world
  const at = 'pull' in what ? hub.pulls.get(what.pull) : undefined
  const arrive = (brought: readonly string[], by: number) => {
    for (const path of brought) if (!truth.arrived.has(path)) truth.arrived.set(path, by)
  }
  const onMain = () => hub.git.changes('empty', hub.git.tip('main'), 'requests/').map(({ path }) => path)
  switch (what.kind) {
    case 'push': {
      const files = { [filePath(what.file)]: requestFile(what.text) }
      hub.push(what.branch, files, what.by, what.force ? hub.git.tip('main') : undefined)
      return
    }
    case 'drop':
      if (hub.git.refs.has(what.branch)) hub.push(what.branch, { [filePath(what.file)]: undefined }, 'alice')
      return
    case 'open': {
      const to = hub.git.refs.get(what.branch)
      const open = [...hub.pulls.values()].some(
        ({ state, head }) => state === 'open' && head.ref === what.branch,
      )
      if (to !== undefined && !open && hub.pulls.size < 3 && (await isNew(world, to)))
        hub.open(what.branch, 'alice')
      return
    }
    case 'review':
      if (at !== undefined) hub.review(at.number, what.by, what.state)
      return
    case 'dismiss': {
      const review = hub.reviews[what.review]
      if (review !== undefined) hub.dismiss(review.id)
      return
    }
    case 'close':
      if (at?.state === 'open') hub.close(at.number, 'alice')
      return
    case 'reopen': {
      const other = [...hub.pulls.values()].some(
        ({ state, head }) => state === 'open' && head.ref === at?.head.ref,
      )
      if (at?.state !== 'closed' || at.merged || other || hub.git.tip(at.head.ref) !== at.head.sha) return
      if (!(await isNew(world, at.head.sha))) return
      hub.reopen(at.number, 'alice')
      truth.reopened.set(at.number, world.clock.now())
      return
    }
    case 'merge': {
      if (at?.state !== 'open') return
      if (what.approved) hub.review(at.number, 'carol')
      const was = new Set(onMain())
      const stowaways = what.stowaway ? { [filePath('stowaway')]: requestFile('stowaway') } : {}
      await hub.merge(at.number, 'carol', what.how, what.how === 'rebase' ? {} : stowaways)
      arrive(
        onMain().filter((path) => !was.has(path)),
        at.number,
      )
      return
    }
    case 'direct':
      hub.push('main', { [filePath(what.file)]: what.text && requestFile(what.text) }, 'carol')
      arrive(onMain(), 0)
      return
    case 'lose':
      world.lost.push(...hub.sent.splice(0))
      return
    case 'double':
      hub.sent.push(...hub.sent)
      return
    case 'killed':
      crashes.plan(what.call, what.after)
      await work(world)
      crashes.clear()
      return
    case 'work':
      return work(world)
    case 'catch up':
      await catchUp(world.deps)
      return
    case 'away':
      hub.git.away(what.on === 'git')
      hub.meet(() => {
        if (what.on === 'github') throw new GitHubError('unavailable', 'GitHub is away')
      })
      return
    case 'wait':
      world.clock.advance(what.ms)
      await world.queue.wake(await world.store.due(world.clock.now(), 1000))
  }
}

/** GitHub opens no pull request without a commit that the branch lacks. */
const isNew = async ({ git }: AccessWorld, head: string): Promise<boolean> =>
  !(await git.mirror.isAncestor(head, git.tip('main')))

/** Works what waits; a look that dies is taken up again, as the queue does. */
const work = async (world: AccessWorld): Promise<void> => {
  await world.deliver()
  for (const wakeUp of world.queue.take()) {
    try {
      await world.look(wakeUp)
    } catch (error) {
      if (!(error instanceof Crash) && !gone(error)) throw error
      await world.queue.wake([wakeUp])
    }
  }
}
const gone = (error: unknown): boolean =>
  error instanceof Error &&
  /is away|cannot be read|network is away|was not sealed in time/.test(error.message)

/** Whether this grant may be, by what GitHub knows: told apart from how the service found out. */
const mayGrant = async ({ hub }: AccessWorld, truth: Truth, event: LedgerEvent): Promise<boolean> => {
  const path = String(event.data.path)
  const at = hub.pulls.get(event.pull ?? 0)
  if (at?.merged !== true || truth.arrived.get(path) !== at.number) return false
  const blob = (await hub.git.mirror.entry(at.head.sha, path))?.sha
  const pushed = hub.pushes.filter(({ ref }) => ref === `refs/heads/${at.head.ref}`).map(({ by }) => by.login)
  const voices = await Promise.all(
    (['bob', 'carol'] as const).map((login) => voice(hub, truth, at, login, path, blob)),
  )
  if (voices.includes('against')) return false
  return (['bob', 'carol'] as const).some(
    (login, index) => voices[index] === 'for' && !pushed.includes(login),
  )
}

const voice = async (
  hub: AccessWorld['hub'],
  truth: Truth,
  at: PullRequest,
  login: string,
  path: string,
  blob: string | undefined,
): Promise<'for' | 'against' | 'nothing'> => {
  const said = hub.reviews
    .filter(({ pull: number, reviewer }) => number === at.number && reviewer?.login === login)
    .filter(({ submittedAt = 0 }) => submittedAt > (truth.reopened.get(at.number) ?? 0))
    .filter(({ state, submittedAt = 0 }) => state !== 'APPROVED' || submittedAt <= (at.mergedAt ?? 0))
    .at(-1)
  if (said?.state === 'CHANGES_REQUESTED') return 'against'
  if (said?.state !== 'APPROVED' || said.commit === undefined) return 'nothing'
  return (await hub.git.mirror.entry(said.commit, path))?.sha === blob ? 'for' : 'nothing'
}

const grants = ['grant.intended', 'grant.scheduled']
const unsaid = ['grant.refused', 'request.lapsed']

test('whatever happens: only what was approved is granted, once, and everything comes to rest', async () => {
  const seen = { granted: 0, refused: 0, lapsed: 0, cancelled: 0 }
  await fc.assert(
    fc.asyncProperty(
      file,
      fc.array(happening, { minLength: 10, maxLength: 40, size: 'max' }),
      async (other, later) => {
        const happenings = [...opening(other), ...later]
        const crashes = createCrashes()
        const world = accessWorld({
          around: (port) => crashes.around(port, namesOf(port)),
        })
        const truth: Truth = { arrived: new Map(), reopened: new Map() }
        let checked = 0
        const check = async () => {
          const events = world.ledger.events()
          for (const [index, event] of events.entries()) {
            if (index < checked || !grants.includes(event.type)) continue
            expect(await mayGrant(world, truth, event), `${event.data.path} of ${event.pull}`).toBe(true)
            const before = events.slice(0, index).filter(({ data }) => data.path === event.data.path)
            expect(before.map(({ type }) => type)).not.toContain('grant.intended')
            const own = before.filter(
              ({ request, pull: number }) => request === event.request || number === event.pull,
            )
            for (const { type } of own) expect(unsaid).not.toContain(type)
          }
          checked = events.length
        }
        for (const what of happenings) {
          world.clock.advance(second)
          await happen(world, crashes, truth, what)
          await check()
        }
        world.hub.meet(() => undefined)
        world.hub.git.away(false)
        await catchUp(world.deps)
        await world.settle()
        await world.pass(2 * minute)
        await check()
        await atRest(world, truth)
        await world.pass(3 * 60 * minute)
        for (const row of world.store.grantRows()) expect(row.state).toBe('ended')
        for (const { type } of world.ledger.events()) {
          if (type === 'grant.intended') seen.granted++
          if (type === 'grant.refused') seen.refused++
          if (type === 'request.lapsed') seen.lapsed++
          if (type === 'request.cancelled') seen.cancelled++
        }
      },
    ),
    { numRuns: runs, ...(seed === undefined ? {} : { seed }), endOnFailure: false },
  )
  for (const [what, times] of Object.entries(seen)) expect(times, what).toBeGreaterThan(0)
}, 60_000)

const namesOf = <T extends object>(port: T): (keyof T & string)[] =>
  (Object.keys(port) as (keyof T & string)[]).filter(
    (name) => typeof port[name] === 'function' && !untouched.includes(name),
  )
/** What a test asks, not the service. */
const untouched = [
  'take',
  'seal',
  'events',
  'insert',
  'rows',
  'grantRows',
  'requestRows',
  'tamper',
  'tamperRequest',
  'remove',
  'forge',
  'read',
]

const atRest = async (world: AccessWorld, truth: Truth): Promise<void> => {
  for (const { number, merged, state } of world.hub.pulls.values()) {
    const states = world.store.requestRows().flatMap((row) => (row.pull === number ? [row.state] : []))
    const allowed = merged
      ? ['granted', 'refused', 'cancelled', 'lapsed']
      : state === 'closed'
        ? ['cancelled', 'lapsed']
        : ['pending', 'approved', 'denied', 'cancelled']
    for (const one of states) expect(allowed, `pull request ${number}`).toContain(one)
  }
  const main = world.hub.git.tip('main')
  for (const { request, grant } of await world.store.status({})) {
    if (grant === undefined || grant.state === 'ended') continue
    expect((await world.hub.git.mirror.entry(main, request.path))?.sha).toBe(request.blob)
  }
  for (const path of truth.arrived.keys()) {
    const types = world.ledger.events().flatMap(({ type, data }) => (data.path === path ? [type] : []))
    expect(
      types.some((type) => grants.includes(type) || type === 'grant.refused'),
      path,
    ).toBe(true)
  }
  expect(await world.store.due(world.clock.now(), 10)).toEqual([])
}

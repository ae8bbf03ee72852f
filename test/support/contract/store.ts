import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Decision } from '../../../app/decision/decision.ts'
import type { WakeUp } from '../../../app/reconcile/ports/queue.ts'
import type { Delivery, GrantRow, RequestRow, Store } from '../../../app/reconcile/ports/store.ts'
import { requestId } from '../../../app/request/id.ts'

export type StoreUnderTest = {
  readonly store: Store
  /** Wake-ups so far. */
  readonly woken: WakeUp[]
  close(): Promise<void>
}

const now = 1_800_000_000_000
const decision: Decision = {
  at: now,
  moment: 'forecast',
  repository: 1,
  pull: 1,
  headSha: 'a'.repeat(40),
  verdict: 'denied',
  summary: 'no',
  tree: { rule: '2.7', title: 't', outcome: 'unmet', needed: 'n', had: 'h', children: [] },
  requests: [],
}

/**
 * What the reconcilers rely on of the store, but for what is about MACs and budgets: held to by the one on PostgreSQL,
 * and by the one in memory. Each test has a repository of its own.
 */
export const describeStore = (name: string, setUp: () => Promise<StoreUnderTest>): void => {
  describe(`the store, ${name}`, () => {
    let at: StoreUnderTest
    let repositories = 1000
    beforeAll(async () => {
      at = await setUp()
    })
    afterAll(() => at.close())

    const requestOf = (repository: number, pull: number, more: Partial<RequestRow> = {}): RequestRow => {
      const path = more.path ?? 'requests/2027/01/a.yaml'
      return {
        id: requestId(repository, pull, path),
        repository,
        pull,
        path,
        state: 'pending',
        headSha: 'a'.repeat(40),
        blob: 'b'.repeat(40),
        requester: { login: 'alice', id: repository },
        author: { id: repository, login: 'alice' },
        openedAt: now,
        version: 0,
        ...more,
      }
    }
    const grantOf = (repository: number, pull: number, more: Partial<GrantRow> = {}): GrantRow => ({
      id: requestId(repository, pull, 'requests/2027/01/a.yaml'),
      repository,
      pull,
      requester: { id: repository, login: 'alice' },
      provider: 'mock',
      role: 'reader',
      scope: 'one',
      reason: 'INC-1',
      metadata: {},
      state: 'active',
      bindingKey: `${repository}`,
      startsAt: now,
      endsAt: now + 1000,
      tries: 0,
      version: 0,
      ...more,
    })
    const saved = (row: RequestRow) => at.store.transaction((tx) => at.store.saveRequest(tx, row))
    const savedGrant = (row: GrantRow) => at.store.transaction((tx) => at.store.saveGrant(tx, row))

    test('a delivery is kept once, wakes once, and is found by what it is about', async () => {
      const { store, woken } = at
      const repository = ++repositories
      const delivery = (guid: string, more: Partial<Delivery>): Delivery => ({
        guid: `${repository}-${guid}`,
        event: 'pull_request',
        body: new TextEncoder().encode(guid),
        receivedAt: now,
        repository,
        ...more,
      })
      const wake: WakeUp[] = [{ queue: 'pull-request', key: `${repository}:7` }]
      const first = delivery('one', { pull: 7 })
      expect(await store.acceptDelivery(first, wake)).toBe('new')
      expect(await store.acceptDelivery({ ...first, body: new Uint8Array() }, wake)).toBe('known')
      expect(woken.filter(({ key }) => key === `${repository}:7`)).toHaveLength(1)
      await store.acceptDelivery(delivery('two', { pull: 7, receivedAt: now + 1 }), [])
      await store.acceptDelivery(delivery('three', { pull: 7, event: 'issue_comment' }), [])
      await store.acceptDelivery(delivery('four', { event: 'push', ref: 'refs/heads/x' }), [])
      expect(await store.hasDelivery(first.guid)).toBe(true)
      expect(await store.hasDelivery('none')).toBe(false)
      const told = await store.deliveriesOfPull(repository, 7, ['pull_request'])
      expect(told.valid.map(({ body }) => new TextDecoder().decode(body))).toEqual(['one', 'two'])
      expect(told.forged).toEqual([])
      expect((await store.deliveriesOfPull(repository, 8, ['pull_request'])).valid).toEqual([])
      const pushes = await store.pushesTo(repository, 'refs/heads/x')
      expect(pushes.valid.map(({ guid }) => guid)).toEqual([`${repository}-four`])
      expect((await store.pushesTo(repository, 'refs/heads/x', now - 1)).valid).toHaveLength(1)
      expect((await store.pushesTo(repository, 'refs/heads/x', now)).valid).toEqual([])
      expect((await store.pushesTo(repository, 'refs/heads/y')).valid).toEqual([])
      const known = pushes.valid.map(({ guid }) => guid)
      expect((await store.pushesTo(repository, 'refs/heads/x', 0, known)).valid).toEqual([])
      expect((await store.pushesTo(repository, 'refs/heads/x', 0, ['none'])).valid).toHaveLength(1)
      expect(await store.lastDeliveryAt()).toBeGreaterThanOrEqual(now + 1)
    })

    test('rows are saved against the version that was read, and not at all where the transaction fails', async () => {
      const { store } = at
      const repository = ++repositories
      const row = requestOf(repository, 1)
      expect(await saved(row)).toBe(true)
      expect(await saved(row)).toBe(false)
      const read = await store.request(row.id)
      expect(read).toEqual({ ...row, version: 1 })
      expect(await saved({ ...row, version: 1, state: 'approved' })).toBe(true)
      expect(await saved({ ...row, version: 1, state: 'denied' })).toBe(false)
      expect(await store.request(row.id)).toMatchObject({ state: 'approved', version: 2 })
      expect(await savedGrant(grantOf(repository, 1))).toBe(true)
      expect(await savedGrant(grantOf(repository, 1))).toBe(false)

      const other = requestOf(repository, 2)
      const failing = store.transaction(async (tx) => {
        await store.saveRequest(tx, other)
        await store.saveGrant(tx, grantOf(repository, 2))
        await store.savePull(tx, {
          repository,
          pull: 2,
          headSha: other.headSha,
          open: true,
          draft: false,
          decision,
        })
        await store.saveBranch(tx, { repository, cursor: 'c'.repeat(40) })
        throw new Error('taken back')
      })
      await expect(failing).rejects.toThrow('taken back')
      expect(await store.request(other.id)).toBeUndefined()
      expect(await store.grant(other.id)).toBeUndefined()
      expect(await store.pull(repository, 2)).toBeUndefined()
      expect(await store.branch(repository)).toBeUndefined()
    })

    test('of rows of one grant in one save one is taken at most, and none under another version', async () => {
      const { store } = at
      const repository = ++repositories
      const save = (...rows: readonly GrantRow[]) =>
        store.transaction((tx) => store.saveGrants(tx, rows)).then((ids) => [...ids])
      const row = grantOf(repository, 1)
      const { id } = row
      const stale = (note: string): GrantRow => ({ ...row, version: 1, note })
      const current: GrantRow = { ...row, version: 2, note: 'current' }
      expect(await save(stale('not there yet'), row)).toEqual([id])
      expect(await store.grant(id)).toEqual({ ...row, version: 1 })
      expect(await save(stale('one of two'), stale('one of two'))).toEqual([id])
      expect(await store.grant(id)).toMatchObject({ version: 2, note: 'one of two' })
      expect(await save(stale('before'), current, stale('behind'))).toEqual([id])
      expect(await store.grant(id)).toMatchObject({ version: 3, note: 'current' })
      expect(await save(stale('before'), current, row)).toEqual([])
      expect(await store.grant(id)).toMatchObject({ version: 3, note: 'current' })
    })

    test('requests are found by pull request, path and person, and with their grants by state', async () => {
      const { store } = at
      const repository = ++repositories
      const [a, b] = [requestOf(repository, 1), requestOf(repository, 2, { state: 'denied' })]
      const c = requestOf(repository, 2, { path: 'requests/2027/01/c.yaml', state: 'granted' })
      for (const row of [a, b, c]) await saved(row)
      await savedGrant({ ...grantOf(repository, 2), id: c.id })
      const ids = (rows: readonly { readonly id: string }[]) => rows.map(({ id }) => id).sort()
      expect(ids(await store.requestsOfPull(repository, 2))).toEqual(ids([b, c]))
      expect(ids(await store.requestsOfPath(repository, a.path))).toEqual(ids([a, b]))
      expect(ids(await store.requestsOfPerson(repository, ['pending', 'granted']))).toEqual(ids([a, c]))
      expect(await store.requestsOfPerson(-1, ['pending'])).toEqual([])
      const waiting = (await store.waitingPulls()).filter((one) => one.repository === repository)
      expect(new Set(waiting.map(({ pull }) => pull))).toEqual(new Set([1, 2]))

      const shown = async (filter: Parameters<Store['status']>[0]) =>
        ids((await store.status({ repository, ...filter })).map(({ request }) => request))
      expect(await shown({})).toEqual(ids([a, b, c]))
      expect(await shown({ pull: 2 })).toEqual(ids([b, c]))
      expect(await shown({ id: a.id })).toEqual(ids([a]))
      expect(await shown({ state: 'active' })).toEqual(ids([c]))
      expect(await shown({ state: 'granted' })).toEqual([])
      expect(await shown({ state: 'denied' })).toEqual(ids([b]))
      const nobody = { user: -1, repositories: [] }
      expect(await shown({ visibleTo: nobody })).toEqual([])
      expect(await shown({ visibleTo: { ...nobody, repositories: [repository] } })).toEqual(ids([a, b, c]))
      const { id: user = 0 } = c.requester ?? {}
      expect(await shown({ visibleTo: { user, repositories: [] }, pull: 2 })).toContain(c.id)
      expect((await store.status({ id: c.id }))[0]?.grant).toMatchObject({ id: c.id, state: 'active' })
    })

    test('what is due comes by time, the longest due first, once past a moment', async () => {
      const { store } = at
      const repository = ++repositories
      // Long before anything else, so that nobody else is due.
      const early = 1000 * repository
      await saved(requestOf(repository, 1, { lookAt: early + 3 }))
      await savedGrant(grantOf(repository, 2, { lookAt: early + 1 }))
      await store.transaction((tx) =>
        store.savePull(tx, {
          repository,
          pull: 3,
          headSha: 'a'.repeat(40),
          open: false,
          draft: false,
          decision,
          lookAt: early + 2,
        }),
      )
      await store.saveProjection({ repository, pull: 4, asked: [], lookAt: early + 4 })
      const due = await store.due(early + 3, 10, early)
      expect(due.map(({ queue, lookAt }) => [queue, (lookAt ?? 0) - early])).toEqual([
        ['grant', 1],
        ['pull-request', 2],
        ['pull-request', 3],
      ])
      expect(await store.due(early + 3, 1, early)).toHaveLength(1)
      expect((await store.due(early + 4, 10, early + 3)).map(({ queue }) => queue)).toEqual(['publish'])
      expect(await store.nextLookAt(early)).toBe(early + 1)
      expect(await store.nextLookAt(early + 3)).toBe(early + 4)
      expect(await store.projection(repository, 4)).toMatchObject({ asked: [], lookAt: early + 4 })
      expect(await store.pull(repository, 3)).toMatchObject({ open: false, decision })
      expect(await store.waitingPulls()).toContainEqual({ repository, pull: 3 })
    })

    test('the first wish to revoke counts; attempts are opened and closed by their fence', async () => {
      const { store } = at
      const repository = ++repositories
      const { id: grant } = grantOf(repository, 1)
      const ask = (why: string) => ({
        grant,
        by: { kind: 'user' as const, id: '1', login: 'alice' },
        why,
        askedAt: now,
      })
      expect(await store.revokeAsked(grant)).toBeUndefined()
      await store.transaction((tx) => store.askRevoke(tx, ask('done')))
      await store.transaction((tx) => store.askRevoke(tx, ask('again')))
      expect(await store.revokeAsked(grant)).toEqual(ask('done'))
      await store.openAttempt({ grant, fence: 1, action: 'ensure', openedAt: now })
      await store.openAttempt({ grant, fence: 2, action: 'remove', openedAt: now + 1 })
      await store.closeAttempt(grant, 1, now + 2)
      expect(await store.attempts(grant)).toEqual([
        { grant, fence: 1, action: 'ensure', openedAt: now, closedAt: now + 2 },
        { grant, fence: 2, action: 'remove', openedAt: now + 1 },
      ])
    })

    test('a cloud is compared by whoever claims it first, when it is due', async () => {
      const { store } = at
      const due = async (from: number) =>
        (await store.due(from, 1000)).filter(({ queue }) => queue === 'cloud').map(({ key }) => key)
      expect(await store.claimCloud('mock', now, now + 600)).toBe(false)
      await store.knowClouds(['mock'], now)
      await store.knowClouds(['mock', 'gcp'], now + 100)
      expect(await due(now + 99)).toEqual(['mock'])
      const claims = await Promise.all([1, 2, 3].map(() => store.claimCloud('mock', now, now + 600)))
      expect(claims.filter((one) => one)).toHaveLength(1)
      expect(await due(now + 100)).toEqual(['gcp'])
      await store.cloudLooked('mock', now + 5)
      expect((await store.clouds()).toSorted((a, b) => (a.provider < b.provider ? -1 : 1))).toEqual([
        { provider: 'gcp' },
        { provider: 'mock', lookedAt: now + 5 },
      ])
    })

    test('a key is held by one transaction at a time, to its end', async () => {
      const { store } = at
      const key = `key ${++repositories}`
      const order: string[] = []
      const holds = Promise.withResolvers<void>()
      const goOn = Promise.withResolvers<void>()
      const first = store.transaction(async (tx) => {
        await store.serialise(tx, key)
        holds.resolve()
        await goOn.promise
        order.push('first')
      })
      await holds.promise
      const second = store.transaction(async (tx) => {
        await store.serialise(tx, key)
        order.push('second')
      })
      await store.transaction(async (tx) => {
        await store.serialise(tx, `${key} of another`)
        order.push('another')
      })
      goOn.resolve()
      await Promise.all([first, second])
      expect(order).toEqual(['another', 'first', 'second'])
    })

    test('a key that is shared keeps out only who would have it alone', async () => {
      const { store } = at
      const key = `key ${++repositories}`
      const order: string[] = []
      const holds = Promise.withResolvers<void>()
      const goOn = Promise.withResolvers<void>()
      const first = store.transaction(async (tx) => {
        await store.share(tx, key)
        holds.resolve()
        await goOn.promise
        order.push('first')
      })
      await holds.promise
      await store.transaction(async (tx) => {
        await store.share(tx, key)
        order.push('beside it')
      })
      const alone = store.transaction(async (tx) => {
        await store.serialise(tx, key)
        order.push('alone')
      })
      goOn.resolve()
      await Promise.all([first, alone])
      expect(order).toEqual(['beside it', 'first', 'alone'])
    })
  })
}

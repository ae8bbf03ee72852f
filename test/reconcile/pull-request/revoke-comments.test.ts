import { describe, expect, test } from 'vitest'
import { requestId } from '../../../app/request/id.ts'
import { type AccessWorld, accessWorld, filePath, requestFile } from '../../support/memory/access-world.ts'
import { repositoryId } from '../../support/memory/hub.ts'
import { people } from '../../support/memory/hub-people.ts'
import { approved, away, minute } from './approved.ts'

describe('revoking by comment', () => {
  test('works while GitHub is away', async () => {
    const world = accessWorld()
    const pull = await approved(world)
    await world.merge(pull, 'alice')
    await world.settle()
    world.comment(pull, 'alice', '/gitsudo revoke')
    world.meet(away)
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'ended' })
  })

  test.each(['/gitsudo revoke\nthank you', '/gitsudo revoke\r\n\r\nreq_x', 'done.\n/gitsudo revoke  '])(
    'takes its id from its own line: %j',
    async (text) => {
      const world = accessWorld()
      const pull = await approved(world)
      await world.merge(pull, 'alice')
      await world.settle()
      world.comment(pull, 'alice', text)
      await world.settle()
      expect(await world.states(pull)).toEqual({ a: 'ended' })
    },
  )

  test.each([
    [
      'several lines name several',
      (a: string, b: string) => `/gitsudo revoke ${a}\r\n/gitsudo revoke ${b}`,
      'ended',
    ],
    ['a line that names none', (a: string) => `/gitsudo revoke ${a}x\n/gitsudo revoke ${a}`, 'active'],
  ])('obeys every line: %s', async (_, text, b) => {
    const world = accessWorld()
    const pull = await approved(world, 'a', ['a', 'b', 'c'])
    await world.merge(pull, 'alice')
    await world.settle()
    const [one, other] = (await world.store.requestsOfPull(repositoryId, pull)).map(({ id }) => id)
    world.comment(pull, 'alice', text(one ?? '', other ?? ''))
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'ended', b, c: 'active' })
  })

  test.each([
    ['hidden under another pull request', { pull: 999, requester: { login: 'bob', id: people.bob.id } }],
    ['said to be of another requester', { requester: { login: 'bob', id: people.bob.id } }],
  ])('needs no row of the request: %s', async (_, altered) => {
    const world = accessWorld()
    const pull = await approved(world)
    await world.merge(pull, 'alice')
    await world.settle()
    const [row] = await world.store.requestsOfPull(repositoryId, pull)
    if (row === undefined) throw new Error('no request')
    await world.store.transaction((tx) => world.store.saveRequest(tx, { ...row, ...altered }))
    world.comment(pull, 'alice', '/gitsudo revoke')
    await world.settle()
    expect((await world.store.grant(row.id))?.state).toBe('ended')
  })

  describe('of a request that is still open', () => {
    const revoked = async (by: 'alice' | 'mallory') => {
      const world = accessWorld({ merge: 'auto' })
      const pull = world.request('a')
      await world.settle()
      world.comment(pull, by, '/gitsudo revoke')
      await world.settle()
      world.review(pull, 'bob')
      await world.settle()
      return { world, pull }
    }

    test('it passes no more, and says why', async () => {
      const { world, pull } = await revoked('alice')
      expect(await world.states(pull)).toEqual({ a: 'denied' })
      expect([...world.hub.comments.values()].map(({ body }) => body)).toContainEqual(
        expect.stringMatching(/alice revoked it before it was granted[\s\S]*close this pull request/),
      )
      await world.merge(pull, 'carol')
      await world.settle()
      expect(await world.states(pull)).toEqual({ a: 'refused' })
      expect(world.typesOf('a')).not.toContain('grant.intended')
    })

    test('by somebody who may not, it counts for nothing', async () => {
      const { world, pull } = await revoked('mallory')
      expect(await world.states(pull)).toEqual({ a: 'active' })
    })

    /** Somebody deletes what asked for it: rows that nobody misses. */
    const erased = (world: AccessWorld): void => {
      const { deliveriesOfPull } = world.store
      world.store.revokeAsked = async () => undefined
      world.store.deliveriesOfPull = async (repository, pull, events) =>
        events.includes('issue_comment')
          ? { valid: [], forged: [] }
          : deliveriesOfPull(repository, pull, events)
    }

    test.each([
      ['approved', 'after'],
      ['approved, and never looked at before', 'before'],
    ])('its rows deleted, the ledger knows of it: %s', async (_, looked) => {
      const world = accessWorld()
      const pull = world.request('a')
      if (looked === 'after') await world.settle()
      world.comment(pull, 'carol', '/gitsudo revoke')
      world.review(pull, 'bob')
      await world.settle()
      expect(await world.states(pull)).toEqual({ a: 'denied' })
      erased(world)
      world.review(pull, 'bob')
      await world.settle()
      expect(await world.states(pull)).toEqual({ a: 'denied' })
      await world.merge(pull, 'alice')
      await world.settle()
      expect(await world.states(pull)).toEqual({ a: 'refused' })
      expect(world.ledger.events().at(-1)?.data.why).toContain('carol revoked it before it was granted')
    })

    test('what another hand says of it counts for nothing', async () => {
      const world = accessWorld()
      const pull = await approved(world)
      const said = world.ledger.events().findLast(({ type }) => type === 'request.evaluated')
      if (said === undefined) throw new Error('not evaluated')
      const revoked = { by: 'carol', why: 'comment' }
      world.ledger.insert({ ...said, data: { ...said.data, revoked } })
      await world.merge(pull, 'alice')
      await world.settle()
      expect(await world.states(pull)).toEqual({ a: 'active' })
    })

    test('before anybody has looked at it, it passes no more either', async () => {
      const world = accessWorld()
      const pull = world.request('a')
      world.comment(pull, 'alice', '/gitsudo revoke')
      await world.settle()
      world.review(pull, 'bob')
      await world.settle()
      expect(await world.states(pull)).toEqual({ a: 'denied' })
    })

    test.each(['alice', 'carol'] as const)(
      'merged before anybody has looked, it was revoked: %s',
      async (by) => {
        const world = accessWorld()
        const pull = world.request('a')
        world.comment(pull, by, '/gitsudo revoke')
        world.review(pull, 'bob')
        await world.merge(pull, 'carol')
        await world.settle()
        expect(await world.states(pull)).toEqual({ a: 'refused' })
        expect(world.typesOf('a')).not.toContain('grant.intended')
      },
    )

    test.each<readonly [string, (id: string) => string]>([
      ['as it is written', (id) => id],
      ['in lower case', (id) => id.toLowerCase()],
      ['with a dash', (id) => id.replace('_', '-')],
    ])('so it was by its id %s', async (_, written) => {
      const world = accessWorld()
      const pull = world.request('a')
      world.comment(pull, 'alice', `/gitsudo revoke ${written(requestId(repositoryId, pull, filePath('a')))}`)
      world.review(pull, 'bob')
      await world.merge(pull, 'carol')
      await world.settle()
      expect(await world.states(pull)).toEqual({ a: 'refused' })
      expect(world.typesOf('a')).not.toContain('grant.intended')
    })

    test('so it was by whom the policy asks, and who may not approve it for a push to it', async () => {
      const world = accessWorld()
      const pull = world.request('a')
      world.push('a', { [filePath('a')]: requestFile('more') }, 'bob')
      world.comment(pull, 'bob', '/gitsudo revoke')
      world.review(pull, 'carol')
      await world.merge(pull, 'carol')
      await world.settle()
      expect(await world.states(pull)).toEqual({ a: 'refused' })
      expect(world.typesOf('a')).not.toContain('grant.intended')
    })

    test('it does not start in the look that hears of it', async () => {
      const world = accessWorld()
      const startsAt = world.clock.now() + 60 * minute
      world.push('a', { [filePath('a')]: requestFile('a', startsAt) }, 'alice')
      const pull = world.open('a', 'alice')
      world.review(pull, 'bob')
      await world.merge(pull, 'carol')
      await world.settle()
      expect(await world.states(pull)).toEqual({ a: 'scheduled' })
      world.clock.set(startsAt)
      world.comment(pull, 'alice', '/gitsudo revoke')
      await world.deliver()
      await world.lookAtPull(pull)
      await world.settle()
      expect(world.typesOf('a')).not.toContain('grant.intended')
    })
  })

  test('says it in one line, however many ids it names', async () => {
    const world = accessWorld()
    const pull = await approved(world)
    world.comment(
      pull,
      'mallory',
      Array.from({ length: 3_000 }, (_, n) => `/gitsudo revoke a${n}`).join('\n'),
    )
    await world.settle()
    const lines = world.deps.log.lines.filter(({ message }) => message.includes('names no request'))
    expect(new Set(lines.map(({ fields }) => JSON.stringify(fields))).size).toBe(1)
    expect(lines.length).toBeLessThan(5)
  })

  test('says in the log which id names no request', async () => {
    const world = accessWorld()
    const pull = await approved(world)
    world.comment(pull, 'alice', '/gitsudo revoke req_x')
    await world.settle()
    expect(world.deps.log.lines).toContainEqual(
      expect.objectContaining({
        message: 'a revoke comment that names no request of its pull request',
        fields: { pull, named: 'req_x', more: 0, by: 'alice' },
      }),
    )
  })
})

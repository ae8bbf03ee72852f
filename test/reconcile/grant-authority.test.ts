import { describe, expect, test } from 'vitest'
import { gitsudo, revokeIntendedEvent } from '../../app/grant/events.ts'
import { intendedEvent } from '../../app/grant/intent-event.ts'
import { issueCredentials } from '../../app/reconcile/credentials.ts'
import { anIntent } from '../support/memory/intent.ts'
import { activeWorld, memoryWorld } from '../support/memory/world.ts'

const never = new AbortController().signal
const minute = 60_000

describe('the database is not authority (trust.md 5)', () => {
  test('an ended grant set back to provisioning or active is not given again', async () => {
    for (const state of ['provisioning', 'active', 'scheduled'] as const) {
      const { world, intent, id } = await activeWorld()
      await world.revoke(id)
      await world.look(id)
      world.store.tamper(id, { state, endsAt: intent.endsAt + 60 * minute, lookAt: world.clock.now() })
      await world.look(id)
      expect(await world.bindings.all()).toEqual([])
      expect((await world.store.grant(id))?.state).toBe('ended')
      expect(world.log.lines).toContainEqual(
        expect.objectContaining({ level: 'alert', message: 'grant.row_differs' }),
      )
      expect(world.typesOf(id).filter((type) => type === 'grant.revoked')).toHaveLength(1)
    }
  })

  test('a row without a sealed intent gives nothing', async () => {
    const world = memoryWorld()
    const intent = anIntent(1, world.clock.now())
    await world.store.transaction((tx) =>
      world.store.saveGrant(tx, {
        id: intent.grant,
        repository: intent.repository,
        pull: intent.pull,
        requester: intent.requester,
        provider: 'mock',
        role: 'admin',
        scope: 'everything',
        reason: '',
        metadata: {},
        state: 'provisioning',
        bindingKey: intent.grant,
        startsAt: intent.startsAt,
        endsAt: intent.endsAt,
        tries: 0,
        lookAt: intent.startsAt,
        version: 0,
      }),
    )
    await world.settle()
    expect((await world.store.grant(intent.grant))?.state).toBe('failed')
    expect(world.log.lines).toContainEqual(
      expect.objectContaining({ level: 'alert', message: 'grant.row_forged' }),
    )
    expect(world.ledger.events()).toEqual([])
    expect(await world.bindings.all()).toEqual([])
  })

  test('an intent whose signature does not hold quarantines, and removes nothing', async () => {
    const { world, intent } = await activeWorld()
    const forged = anIntent(2, world.clock.now(), { role: 'admin' })
    const [row] = world.store.rows()
    if (row === undefined) throw new Error('no row')
    for (const state of ['provisioning', 'active'] as const) {
      const id = anIntent(state === 'active' ? 3 : 2, world.clock.now()).grant
      world.ledger.insert(intendedEvent({ ...forged, grant: id }, gitsudo, world.clock.now()))
      await world.store.transaction((tx) => world.store.saveGrant(tx, { ...row, id, state, version: 0 }))
      await world.look(id)
      expect((await world.store.grant(id))?.state).toBe('quarantined')
    }
    expect((await world.bindings.all()).map(({ handle }) => handle)).toEqual([world.mock.bindingKey(intent)])
  })

  test('an unsigned end stops credentials, and is no proof that access is gone', async () => {
    const { world, intent, id } = await activeWorld()
    const { data: _, ...event } = revokeIntendedEvent(
      intentSubject(intent),
      world.clock.now(),
      gitsudo,
      'forged',
    )
    world.ledger.insert({ ...event, type: 'grant.revoked', data: { cause: 'revoked' } })
    expect(await issueCredentials(world.deps, id, 1001, { id: 's' }, never)).toMatchObject({ ok: false })
    await world.look(id)
    expect(await world.bindings.all()).toEqual([])
    expect(await world.store.grant(id)).toMatchObject({ state: 'ended', cause: 'revoked' })
  })

  test('an end brought forward in a row that was never over is undone towards removal', async () => {
    const { world, id } = await activeWorld()
    world.store.tamper(id, { state: 'ended' })
    await world.look(id)
    await world.settle()
    expect(await world.bindings.all()).toEqual([])
    expect(world.typesOf(id)).toContain('grant.revoked')
  })

  test('a row that is gone is made again to be taken away', async () => {
    const { world, id } = await activeWorld()
    world.store.remove(id)
    await world.look(id)
    expect(await world.bindings.all()).toEqual([])
    expect(await world.store.grant(id)).toMatchObject({ state: 'ended', cause: 'revoked' })
    expect(world.log.lines).toContainEqual(
      expect.objectContaining({ level: 'alert', message: 'grant.row_missing' }),
    )
  })
})

const intentSubject = (intent: { grant: string; repository: number; pull: number }) => ({
  id: intent.grant,
  repository: intent.repository,
  pull: intent.pull,
})

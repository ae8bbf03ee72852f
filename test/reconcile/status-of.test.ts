// Of what was granted the ledger knows, whatever the rows say (trust.md 5.2): one that is hidden is still there to be
// revoked, by whoever may, until it is confirmed gone.
import { expect, test } from 'vitest'
import { statusOf } from '../../app/reconcile/status-of.ts'
import { accessWorld } from '../support/memory/access-world.ts'
import { repositoryId } from '../support/memory/hub.ts'
import { people } from '../support/memory/hub-people.ts'
import { approved } from './pull-request/approved.ts'

const granted = async () => {
  const world = accessWorld()
  const pull = await approved(world)
  await world.merge(pull, 'alice')
  await world.settle()
  const [row] = await world.store.status({ repository: repositoryId, pull })
  if (row?.grant === undefined) throw new Error('no grant')
  return { world, pull, row, grant: row.grant, id: row.request.id }
}

test('is the rows, where they say what was granted', async () => {
  const { world, row, id } = await granted()
  expect(await statusOf(world.deps, id)).toEqual(row)
})

test('is what was granted, where a row says otherwise', async () => {
  const { world, pull, id, row, grant } = await granted()
  const bob = { login: 'bob', id: people.bob.id }
  await world.store.transaction(async (tx) => {
    await world.store.saveRequest(tx, { ...row.request, pull: 999, requester: bob })
    await world.store.saveGrant(tx, { ...grant, requester: bob })
  })
  const alice = { login: 'alice', id: people.alice.id }
  expect(await statusOf(world.deps, id)).toMatchObject({
    request: { pull, requester: alice },
    grant: { state: 'active', requester: alice },
  })
})

test.each(['the request', 'both'])('needs no row: %s', async (hidden) => {
  const { world, pull, id } = await granted()
  const { ledger } = world
  const store = {
    status: async () => [],
    grant: async (of: string) => (hidden === 'both' ? undefined : world.store.grant(of)),
  }
  const shown = () => statusOf({ store, ledger }, id)
  expect(await shown()).toMatchObject({
    request: { pull, requester: { login: 'alice' }, path: 'requests/2027/01/a.yaml', durationSeconds: 7200 },
    grant: { state: hidden === 'both' ? 'revoking' : 'active' },
  })
  world.comment(pull, 'alice', '/gitsudo revoke')
  await world.settle()
  expect(await shown()).toMatchObject({ grant: { state: 'ended', requester: { login: 'alice' } } })
})

test('is nothing where nothing was asked', async () => {
  const { world } = await granted()
  expect(await statusOf(world.deps, 'req_none')).toBeUndefined()
})

import { expect, test } from 'vitest'
import { GitHubError } from '../../app/reconcile/ports/github.ts'
import type { Store } from '../../app/reconcile/ports/store.ts'
import { type AccessWorld, accessWorld, filePath, requestFile } from '../support/memory/access-world.ts'

const day = 86_400_000
const serialisation = new Error('could not serialize access (40001)')

/** Every transaction is rolled back at its end and run again, as PostgreSQL may ask. */
const runTwice = <T extends object>(port: T): T => {
  if (!('transaction' in port)) return port
  const { transaction } = port as unknown as Store
  const twice: Store['transaction'] = async (work) => {
    const first = transaction(async (tx) => {
      await work(tx)
      throw serialisation
    })
    await first.catch((error: unknown) => {
      if (error !== serialisation) throw error
    })
    return transaction(work)
  }
  return { ...port, transaction: twice }
}

const refusals: Readonly<Record<string, (world: AccessWorld) => Promise<unknown>>> = {
  'merged past the check': async (world) => world.merge(world.request('a'), 'carol'),
  'pushed without a pull request': async (world) =>
    world.push('main', { [filePath('a')]: requestFile() }, 'bob'),
  'no verdict within the grant window': async (world) => {
    const pull = world.request('a')
    await world.settle()
    world.meet((call) => {
      if (call === 'reviews') throw new GitHubError('unavailable', 'GitHub is away')
    })
    await world.merge(pull, 'carol')
    await world.settle()
    await world.pass(day / 12)
  },
  'approved no more at its start': async (world) => {
    world.push('a', { [filePath('a')]: requestFile('', world.clock.now() + day) }, 'alice')
    const pull = world.open('a', 'alice')
    await world.settle()
    const review = world.review(pull, 'bob')
    await world.settle()
    await world.merge(pull, 'carol')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'scheduled' })
    world.dismiss(review)
    await world.pass(2 * day)
  },
}

test.each(Object.entries(refusals))(
  '%s: alerted once, though the transaction ran twice',
  async (_, refuse) => {
    const world = accessWorld({ around: runTwice })
    await refuse(world)
    await world.settle()
    expect(world.alerts().filter((event) => event === 'grant.refused')).toEqual(['grant.refused'])
  },
)

test('a refusal that somebody else’s save overtook is alerted when it is saved', async () => {
  let overtaken = 0
  const world = accessWorld({
    around: (port) => {
      if (!('saveGrants' in port)) return port
      const { saveGrants } = port as unknown as Store
      const overtake: Store['saveGrants'] = (tx, rows) =>
        saveGrants(
          tx,
          rows.filter(({ state }) => state !== 'refused' || overtaken++ > 0),
        )
      return { ...port, saveGrants: overtake }
    },
  })
  world.push('a', { [filePath('a')]: requestFile('', world.clock.now() + day) }, 'alice')
  const pull = world.open('a', 'alice')
  world.review(pull, 'bob')
  await world.settle()
  await world.merge(pull, 'carol')
  await world.settle()
  world.meet((call) => {
    if (call === 'reviews') throw new GitHubError('unavailable', 'GitHub is away')
  })
  await world.pass(2 * day)
  expect(await world.states(pull)).toEqual({ a: 'refused' })
  expect(overtaken).toBe(2)
  expect(world.alerts().filter((event) => event === 'grant.refused')).toEqual(['grant.refused'])
})

test('what was rolled back is not alerted', async () => {
  const world = accessWorld({
    around: (port) =>
      'savePull' in port
        ? { ...port, savePull: () => Promise.reject(new Error('the database is away')) }
        : port,
  })
  await world.merge(world.request('a'), 'carol')
  await expect(world.settle()).rejects.toThrow('the database is away')
  expect(world.alerts()).toEqual([])
})

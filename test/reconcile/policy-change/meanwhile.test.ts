import { expect, test } from 'vitest'
import { fine } from '../../support/memory/access-world.ts'
import { minute, policyWorld } from './world.ts'

type World = ReturnType<typeof policyWorld>
type Happens = (world: World, before: string, review: number) => Promise<unknown> | unknown

/** The verdict on policies that were approved and merged, and what happens while they are tried, or once the tip was seen. */
const decided = async ({ trial, tip }: { readonly trial?: Happens; readonly tip?: Happens }) => {
  let tries: number | undefined
  let now: () => Promise<unknown> | unknown = () => undefined
  const world: World = policyWorld({
    trial: async () => {
      if (tries !== undefined && ++tries === 1) await trial?.(world, before, review)
      return fine
    },
    around: (port) =>
      'treeHash' in port
        ? Object.assign(Object.create(port), {
            treeHash: async (...given: readonly unknown[]) => {
              const once = now
              if (tries === 1) now = () => undefined
              if (tries === 1) await once()
              return Reflect.apply(Reflect.get(port, 'treeHash') as () => unknown, port, given)
            },
          })
        : port,
  })
  const before = world.git.tip('main')
  const pull = world.propose('two')
  await world.settle()
  const review = world.review(pull, 'carol')
  await world.settle()
  world.clock.advance(1000)
  await world.merge(pull, 'bob')
  await world.deliver()
  world.queue.take()
  tries = 0
  now = () => tip?.(world, before, review)
  await world.lookAtPull(pull)
  const tried = tries
  await world.pass(61 * minute)
  return { accepted: world.policyEvents().includes('policy.accepted'), tried }
}

const setBack: Happens = (world, before) => world.move('main', before, 'bob')

test.each<[string, Happens]>([
  ['the owner dismisses the review', (world, _, review) => world.dismiss(review)],
  ['the owner asks for changes', (world) => world.review(1, 'carol', 'CHANGES_REQUESTED')],
  ['the owner may not write any more', (world) => world.allow('carol', 'read')],
  ['the branch is set back', setBack],
])('what happens while merged policies are tried counts: %s (trust.md 3.1)', async (_, trial) => {
  expect(await decided({ trial })).toEqual({ accepted: false, tried: 1 })
})

test('a branch that was set back since its tip was seen accepts nothing', async () => {
  expect(await decided({ tip: setBack })).toEqual({ accepted: false, tried: 1 })
})

test('where nothing happens they are accepted, tried once', async () => {
  expect(await decided({})).toEqual({ accepted: true, tried: 1 })
})

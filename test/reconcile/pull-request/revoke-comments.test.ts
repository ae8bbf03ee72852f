import { describe, expect, test } from 'vitest'
import { accessWorld } from '../../support/memory/access-world.ts'
import { approved, away } from './approved.ts'

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
})

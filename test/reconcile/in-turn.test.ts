import { expect, test } from 'vitest'
import { inTurn, inTurnBy } from '../../app/reconcile/in-turn.ts'

test('one after another, in the order they were asked for; one that fails fails for itself alone', async () => {
  const turn = inTurn()
  const seen: string[] = []
  const gate = Promise.withResolvers<void>()
  const first = turn(async () => {
    seen.push('first begins')
    await gate.promise
    seen.push('first ends')
    throw new Error('no')
  })
  const second = turn(async () => seen.push('second'))
  const third = turn(async () => {
    seen.push('third')
    return 3
  })
  const failed = expect(first).rejects.toThrow('no')
  gate.resolve()
  await failed
  expect([await second, await third]).toEqual([3, 3])
  expect(seen).toEqual(['first begins', 'first ends', 'second', 'third'])
})

test('by key: the same waits, another does not', async () => {
  const turn = inTurnBy()
  const seen: string[] = []
  const gate = Promise.withResolvers<void>()
  const first = turn(1, () => gate.promise)
  const second = turn(1, async () => seen.push('the same'))
  await turn(2, async () => seen.push('another'))
  expect(seen).toEqual(['another'])
  gate.resolve()
  await Promise.all([first, second])
  expect(seen).toEqual(['another', 'the same'])
})

import { expect, test } from 'vitest'
import { holding } from '../../app/reconcile/holding.ts'
import { held, type Store } from '../../app/reconcile/ports/store.ts'

const free: Pick<Store, 'alone'> = { alone: (_keys, _waitMs, work) => work() }
const taken: Pick<Store, 'alone'> = { alone: async () => held }
const work = async () => 'done'
const never = async () => expect.unreachable()

test('what is held alone is done', async () => {
  expect(await holding(free, ['a'], { turnBy: new AbortController().signal }, work)).toBe('done')
})

test.each([
  ['somebody else holds it', taken, new AbortController().signal],
  ['it comes when too little time is left', free, AbortSignal.abort()],
])('where %s, nothing is sent', async (_, store, turnBy) => {
  await expect(holding(store, ['a'], { turnBy }, never)).rejects.toMatchObject({ kind: 'throttled' })
})

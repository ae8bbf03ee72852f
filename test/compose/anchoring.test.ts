// The ledger as the rest of the service knows it: while an anchor may hold more, it gives nothing to anybody (trust.md 3.11).
import { expect, test } from 'vitest'
import { doubting } from '../../app/compose/anchoring.ts'
import { memoryLedger } from '../support/memory/ledger.ts'
import { memoryTransactions } from '../support/memory/transaction.ts'

const why = 'the database lacks what the newest anchor holds'
const anchoring = (doubt: () => string | undefined) => ({
  repository: 99,
  anchorer: { doubt, due: async () => false, look: async () => undefined },
})
const ledger = memoryLedger(memoryTransactions())

test('what stands is broken for as long as there is a doubt, and is asked for anew each time', async () => {
  let doubt: string | undefined = why
  const doubted = doubting(
    ledger,
    anchoring(() => doubt),
  )
  const stands = await ledger.standing()
  expect(await doubted.standing()).toEqual({ ...stands, broken: why })
  doubt = undefined
  expect(await doubted.standing()).toEqual(stands)
  expect((await doubted.standing()).broken).toBeUndefined()
  doubt = why
  expect((await doubted.standing()).broken).toBe(why)
})

test('a ledger that is broken by itself says its own reason, whatever anchors say', async () => {
  const broken = 'event 3 is gone'
  const own = { ...ledger, standing: async () => ({ ...(await ledger.standing()), broken }) }
  for (const doubt of [undefined, why])
    expect(
      await doubting(
        own,
        anchoring(() => doubt),
      ).standing(),
    ).toMatchObject({ broken })
})

test('without anchors nothing is doubted', () => {
  expect(doubting(ledger, undefined)).toBe(ledger)
})

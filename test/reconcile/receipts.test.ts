import { expect, test } from 'vitest'
import type { EventType, LedgerEvent } from '../../app/audit/event.ts'
import type { SignedCheckpoint } from '../../app/reconcile/ports/checkpoints.ts'
import type { Sealed } from '../../app/reconcile/ports/ledger.ts'
import type { StatusRow } from '../../app/reconcile/ports/store.ts'
import { receiptsOf } from '../../app/reconcile/publish/receipts.ts'
import { testEvent } from '../support/events.ts'
import { memoryLog } from '../support/memory/log.ts'

const sealed = (seq: number, type: EventType = 'grant.revoked'): Sealed => ({
  seq,
  event: testEvent(seq, { type }),
  body: new Uint8Array(),
  leaf: new Uint8Array([seq]),
})

const receiptOf = async (grant: object, events: readonly Sealed[], size?: number) => {
  const { found, revoked, early } = await receiptsOf(
    {
      ledger: { history: async () => events, remains: async () => [] },
      log: memoryLog(),
      checkpoints: {
        newest: async () =>
          size === undefined ? undefined : ({ size, root: new Uint8Array(32) } as SignedCheckpoint),
      },
      keys: { verify: (event) => event.at === sealed(12).event.at },
      clock: { now: () => 0 },
    },
    [{ request: { id: 'req_1' }, grant }] as unknown as readonly StatusRow[],
  )
  return { receipt: found.get('req_1'), revoked: revoked.get('req_1'), early }
}

test('a receipt names the end that gitsudo signed, not one of another hand behind it', async () => {
  const { receipt } = await receiptOf({ state: 'ended', endedAt: 0 }, [sealed(12), sealed(13)])
  expect(receipt).toMatch(/^event 12, leaf 0c/)
})

test('who revoked it, and why, is what gitsudo signed first', async () => {
  const intended = (seq: number, actor: LedgerEvent['actor'], why: string): Sealed => ({
    ...sealed(seq),
    event: { ...testEvent(seq, { type: 'grant.revoke_intended' }), actor, data: { why } },
  })
  const revokedBy = async (...events: readonly Sealed[]) =>
    (await receiptOf({ state: 'ended', endedAt: 0 }, events)).revoked
  const alice = { kind: 'user', id: '1', login: 'alice' } as const
  const [own, foreign] = [intended(12, alice, 'incident over'), intended(11, alice, 'forged')]
  expect(await revokedBy(foreign, own, sealed(13))).toEqual({ by: 'alice', why: 'incident over' })
  expect(await revokedBy(foreign)).toBeUndefined()
  const branch = intended(12, { kind: 'system', id: 'branch' }, 'its file left main')
  expect(await revokedBy(branch)).toEqual({ why: 'its file left main' })
})

test('a grant that is given has one at once; its end waits for the checkpoint that holds it', async () => {
  const issued = [sealed(12, 'grant.issued')]
  const given = await receiptOf({ state: 'active' }, issued, 11)
  expect(given).toEqual({ receipt: `event 12, leaf 0c`, revoked: undefined, early: false })
  expect((await receiptOf({ state: 'active' }, issued, 12)).receipt).toMatch(/under the checkpoint of 12 /)
  expect((await receiptOf({ state: 'active' }, [sealed(12)])).receipt).toBeUndefined()
  expect((await receiptOf({ state: 'ended', endedAt: 0 }, [sealed(12)], 11)).early).toBe(true)
})

test('a grant that may not be removed keeps the one that it was given with', async () => {
  const events = [sealed(12, 'grant.issued'), sealed(13, 'grant.quarantined')]
  const { receipt } = await receiptOf({ state: 'quarantined' }, events)
  expect(receipt).toMatch(/^event 12, leaf 0c/)
})

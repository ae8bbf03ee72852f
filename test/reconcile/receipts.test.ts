import { expect, test } from 'vitest'
import type { Sealed } from '../../app/reconcile/ports/ledger.ts'
import type { StatusRow } from '../../app/reconcile/ports/store.ts'
import { receiptsOf } from '../../app/reconcile/publish/receipts.ts'
import { testEvent } from '../support/events.ts'
import { memoryLog } from '../support/memory/log.ts'

const sealed = (seq: number): Sealed => ({
  seq,
  event: testEvent(seq, { type: 'grant.revoked' }),
  body: new Uint8Array(),
  leaf: new Uint8Array([seq]),
})

test('a receipt names the end that gitsudo signed, not one of another hand behind it', async () => {
  const { found } = await receiptsOf(
    {
      ledger: { history: async () => [sealed(12), sealed(13)], remains: async () => [] },
      log: memoryLog(),
      checkpoints: { newest: async () => undefined },
      keys: { verify: (event) => event.at === sealed(12).event.at },
      clock: { now: () => 0 },
    },
    [{ request: { id: 'req_1' }, grant: { state: 'ended', endedAt: 0 } }] as unknown as readonly StatusRow[],
  )
  expect(found.get('req_1')).toMatch(/^event 12, leaf 0c/)
})

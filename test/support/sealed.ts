import type { LedgerEvent } from '../../app/audit/event.ts'
import type { Evidence } from '../../app/reconcile/ports/evaluator.ts'
import type { Database } from '../../app/store/database.ts'
import { sealBatch } from '../../app/store/ledger/seal.ts'
import { stage } from '../../app/store/ledger/stage.ts'
import { testKeys } from './keys.ts'
import { quietLog } from './quiet-log.ts'

/** Stages and seals these events, in this order, as the service does. */
export async function sealEvents(
  database: Database,
  origin: string,
  events: readonly (LedgerEvent | readonly [LedgerEvent, readonly Evidence[]])[],
): Promise<void> {
  await database.transaction(async (tx) => {
    for (const each of events) {
      const [event, evidence] = 'v' in each ? [each, []] : each
      await stage(tx, testKeys, event, evidence)
    }
  })
  for (;;) if (!(await sealBatch({ database, keys: testKeys, log: quietLog, origin })).more) return
}

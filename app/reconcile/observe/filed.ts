import { isTampered, type Ledger, type Sealed } from '../ports/ledger.ts'
import type { Log } from '../ports/log.ts'

/** What the ledger holds of an id. `whole`: nothing filed under it was altered, so that what is not there never was. */
export type Filed = { readonly events: readonly Sealed[]; readonly whole: boolean }

/**
 * The sealed events of one request or grant. Where a row filed under it was altered, or somebody filed one there, people
 * are told, and what is left may take authority away and give none.
 */
export const filedUnder = async (
  { ledger, log }: { readonly ledger: Pick<Ledger, 'history' | 'remains'>; readonly log: Pick<Log, 'alert'> },
  id: string,
): Promise<Filed> => {
  try {
    return { events: await ledger.history(id), whole: true }
  } catch (error) {
    if (!isTampered(error)) throw error
    log.alert('ledger.altered', { request: id, why: error instanceof Error ? error.message : String(error) })
    return { events: await ledger.remains(id), whole: false }
  }
}

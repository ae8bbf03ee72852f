import type { EventType, LedgerEvent } from '../../audit/event.ts'
import type { Standing } from '../../grant/standing.ts'
import type { Evidence } from './evaluator.ts'
import type { Tx } from './store.ts'

export type Sealed = {
  readonly seq: number
  readonly event: LedgerEvent
  readonly body: Uint8Array
  readonly leaf: Uint8Array
}
export type LedgerFilter = {
  readonly request?: string
  readonly repository?: number
  readonly login?: string
  readonly types?: readonly EventType[]
  readonly since?: number
  readonly until?: number
  /** Caused by the user of this numeric id, or about one of these requests or its grant. */
  readonly concerning?: { readonly user: number; readonly requests: readonly string[] }
  readonly newestFirst?: boolean
}

/** The ledger as the reconcilers need it: staged with the business transaction, sealed in order by one sealer. */
export type Ledger = {
  /** In the caller's transaction: commits or rolls back with it. Returns what `sealed` takes. */
  stage(tx: Tx, event: LedgerEvent, evidence?: readonly Evidence[]): Promise<string>
  /** The same for several without evidence, in their order. */
  stageAll(tx: Tx, events: readonly LedgerEvent[]): Promise<readonly string[]>
  /** Resolves when all are sealed, with their `seq`; rejects within a second of `deadline` (epoch ms). */
  sealed(staged: readonly string[], deadline: number): Promise<readonly number[]>
  /** Events of one type that are committed and wait for their seal, MAC checked. Asked before `read`, none is missed. */
  waiting(type: EventType): Promise<readonly LedgerEvent[]>
  /**
   * Sealed events of one request or grant id in order, bytes re-hashed and compared with their leaf. Rejects where one
   * that is filed under the id was altered (`isTampered`).
   */
  history(id: string): Promise<readonly Sealed[]>
  /** The same without those that were altered: what can be taken away by, and nothing given. */
  remains(id: string): Promise<readonly Sealed[]>
  /** Sealed events, oldest first unless told otherwise, streamed. What was altered is told of and passed over. */
  read(filter: LedgerFilter): AsyncIterable<Sealed>
  /** What everything sealed by now leaves standing. A live view: later calls may change what it holds. */
  standing(): Promise<Standing>
  /** Keeps outside this process how far the ledger has been read. */
  keep(): Promise<void>
}

/** Whether the ledger refused to read what was altered after it was sealed. */
export const isTampered = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'tampered'

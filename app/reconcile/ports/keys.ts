import type { LedgerEvent } from '../../audit/event.ts'

/** The keys that live outside the database (trust.md 5). Old keys verify until removed. */
export type Keys = {
  /** The event with `data.sig` set: Ed25519 by the current key (audit.md, Signatures). */
  sign(event: LedgerEvent): LedgerEvent
  /** Whether `data.sig` is a known key's signature over exactly this event. */
  verify(event: LedgerEvent): boolean
  mac(
    kind: string,
    columns: Readonly<Record<string, unknown>>,
  ): { readonly key: string; readonly value: string }
  macHolds(
    kind: string,
    columns: Readonly<Record<string, unknown>>,
    mac: { readonly key: string; readonly value: string },
  ): boolean
}

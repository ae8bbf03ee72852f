import { bodyOf } from '../../app/audit/body.ts'
import { leafHash, linkHash, originHead } from '../../app/audit/chain.ts'
import type { LedgerEvent } from '../../app/audit/event.ts'
import type { ExportLine } from '../../app/audit/export-line.ts'

/** The lines of an export of these events, made without a database. */
export function ledgerLines(origin: string, events: readonly LedgerEvent[]): readonly ExportLine[] {
  let chain = originHead(origin)
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
  return [
    { kind: 'header', origin },
    ...events.map((event, index): ExportLine => {
      const body = Buffer.from(bodyOf(event))
      const leaf = leafHash(body)
      chain = linkHash(chain, index + 1, leaf)
      return {
        kind: 'event',
        seq: index + 1,
        body,
        leaf: hex(leaf),
        chain: hex(chain),
      }
    }),
  ]
}

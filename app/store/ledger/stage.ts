import { hash } from 'node:crypto'
import { sql } from 'slonik'
import { z } from 'zod'
import { bodyOf, eventOf } from '../../audit/body.ts'
import { leafHash } from '../../audit/chain.ts'
import type { EventType, LedgerEvent } from '../../audit/event.ts'
import { fitting } from '../../audit/fits.ts'
import { evidenceOf } from '../../audit/verify.ts'
import type { Evidence } from '../../reconcile/ports/evaluator.ts'
import type { Keys } from '../../reconcile/ports/keys.ts'
import type { Tx } from '../../reconcile/ports/store.ts'
import { connectionOf, type Database } from '../database.ts'
import { atMost, longest, valueAtMost } from '../longest.ts'
import { LedgerError } from './error.ts'

const stagedRow = z.object({
  body: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
  key: z.string(),
  value: z.string(),
})

/**
 * Puts an event and the evidence it rests on into the caller's transaction. Returns its leaf in hex: an
 * event is its bytes, and the same bytes staged twice become one line of the ledger. Throws `EventError`, before
 * anything is written, for an event that does not fit the schema of its type.
 */
export async function stage(
  tx: Tx,
  keys: Keys,
  event: LedgerEvent,
  evidence: readonly Evidence[] = [],
): Promise<string> {
  const connection = connectionOf(tx)
  const named = fitting(naming(event, evidence))
  for (const { digest, bytes } of evidence) {
    if (hash('sha256', bytes) !== digest) {
      throw new LedgerError('evidence_altered', `Evidence ${digest} does not hash to its digest.`)
    }
    await connection.query(sql.unsafe`
      insert into evidence (digest, bytes) values (${digest}, ${sql.binary(Buffer.from(bytes))})
      on conflict (digest) do nothing`)
  }
  const [leaf] = await insert(tx, keys, [named])
  return leaf ?? ''
}

/** Puts events that bring no evidence into the caller's transaction, in their order. Returns their leaves in hex. */
export async function stageAll(
  tx: Tx,
  keys: Keys,
  events: readonly LedgerEvent[],
): Promise<readonly string[]> {
  return insert(tx, keys, events.map(fitting))
}

async function insert(tx: Tx, keys: Keys, events: readonly LedgerEvent[]): Promise<readonly string[]> {
  if (events.length === 0) return []
  const bodies = events.map(bodyOf)
  const values = bodies.map((body) => {
    const mac = keys.mac('staged', vouched(body))
    return sql.fragment`(${sql.binary(Buffer.from(body))}, ${mac.key}, ${mac.value})`
  })
  await connectionOf(tx).query(sql.unsafe`
    insert into ledger_staged (body, mac_key, mac) values ${sql.join(values, sql.fragment`, `)}`)
  return bodies.map((body) => Buffer.from(leafHash(body)).toString('hex'))
}

/** Staged events of one type whose MAC holds, in the order in which they came. */
export async function waitingEvents(
  database: Database,
  keys: Keys,
  type: EventType,
): Promise<readonly LedgerEvent[]> {
  const rows = await database.run.any(sql.type(stagedRow)`
    select body, ${valueAtMost(longest.mac, 'mac_key')} as key, ${valueAtMost(longest.mac, 'mac')} as value
    from (select id, mac_key, mac, ${atMost(longest.event, 'body')} from ledger_staged where not refused) as waiting
    where position(convert_to(${`"${type}"`}, 'UTF8') in body) > 0 order by id`)
  return rows
    .filter(({ body, ...mac }) => keys.macHolds('staged', vouched(body), mac))
    .map(({ body }) => eventOf(body))
    .filter((event) => event.type === type)
}

/** What the MAC of a staged event covers (trust.md 5.3). */
export function vouched(body: Uint8Array): Readonly<Record<string, unknown>> {
  return { body: hash('sha256', body) }
}

/** The event with its evidence named in `data.evidence`; a signed one must have named it before. */
function naming(event: LedgerEvent, evidence: readonly Evidence[]): LedgerEvent {
  const named = new Set(evidenceOf(event))
  const unnamed = evidence.map(({ digest }) => digest).filter((digest) => !named.has(digest))
  if (unnamed.length === 0) return event
  if (event.data.sig !== undefined) {
    throw new LedgerError(
      'evidence_altered',
      `A signed ${event.type} does not name its evidence ${unnamed[0]}.`,
    )
  }
  return { ...event, data: { ...event.data, evidence: [...new Set([...named, ...unnamed])].sort() } }
}

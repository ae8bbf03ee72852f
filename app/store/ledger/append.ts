import { type CommonQueryMethods, sql } from 'slonik'
import { z } from 'zod'
import { eventOf } from '../../audit/body.ts'
import { leafHash, linkHash } from '../../audit/chain.ts'
import { columnsOf } from '../../audit/columns.ts'
import { hex } from '../../audit/hex.ts'
import type { Keys } from '../../reconcile/ports/keys.ts'
import { type Place, sealOf } from './vouched.ts'

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array)

/**
 * Puts events behind the last one, each under our MAC, in one statement; the same bytes are one event.
 * @returns leaf (hex) → seq
 */
export async function append(
  { keys, origin }: { readonly keys: Pick<Keys, 'mac'>; readonly origin: string },
  connection: CommonQueryMethods,
  last: Place,
  bodies: readonly Uint8Array[],
): Promise<ReadonlyMap<string, number>> {
  if (bodies.length === 0) return new Map()
  const fresh = new Map(bodies.map((body) => [hex(leafHash(body)), body]))
  const known = await connection.any(sql.type(z.object({ leaf: bytes, seq: z.number() }))`
    select leaf, seq from audit_events
    where leaf = any(select decode(given, 'hex') from unnest(${sql.array([...fresh.keys()], 'text')}) as given)`)
  const places = new Map<string, number>()
  for (const { leaf, seq } of known) {
    places.set(hex(leaf), seq)
    fresh.delete(hex(leaf))
  }
  let { seq, chain: head } = last
  const rows: (string | number | Buffer | null)[][] = []
  for (const [leafHex, body] of fresh) {
    seq += 1
    const leaf = Buffer.from(leafHex, 'hex')
    head = linkHash(head, seq, leaf)
    places.set(leafHex, seq)
    const of = columnsOf(eventOf(body))
    const mac = keys.mac('sealed', sealOf(origin, { seq, chain: head }))
    rows.push([
      ...[
        seq,
        Buffer.from(body),
        leaf,
        Buffer.from(head),
        of.type,
        of.at,
        of.actorKind,
        of.actorId,
        of.actorLogin,
      ],
      ...[of.requestId, of.grantId, of.repoId, of.pull, of.commit, mac.key, mac.value],
    ])
  }
  await connection.query(sql.unsafe`
    insert into audit_events (seq, body, leaf, chain, type, at, actor_kind, actor_id, actor_login, request_id,
      grant_id, repo_id, pull, commit, mac_key, mac)
    select * from ${sql.unnest(rows, columnTypes)}`)
  return places
}

const columnTypes = [
  ...['int8', 'bytea', 'bytea', 'bytea', 'text', 'timestamptz', 'text', 'text', 'text'],
  ...['text', 'text', 'int8', 'int8', 'text', 'text', 'text'],
]

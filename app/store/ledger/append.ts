import { type CommonQueryMethods, sql } from 'slonik'
import { z } from 'zod'
import { eventOf } from '../../audit/body.ts'
import { leafHash, linkHash } from '../../audit/chain.ts'
import { columnsOf } from '../../audit/columns.ts'
import { hex } from '../../audit/hex.ts'
import type { Keys } from '../../reconcile/ports/keys.ts'
import { atMost, longest } from '../longest.ts'
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
  const places = new Map(await sealedBodies(connection, [...fresh.keys()], last.seq))
  for (const leaf of places.keys()) fresh.delete(leaf)
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

/**
 * leaf (hex) → seq of what lies in the chain up to `last`. A row is what its bytes are: one that somebody gave another
 * event's leaf, or a number beyond the chain, must not stand in for it. The sum keeps PostgreSQL from walking the primary
 * key where it has not analysed the table yet.
 */
export async function sealedBodies(
  connection: CommonQueryMethods,
  leaves: readonly string[],
  last: number,
): Promise<ReadonlyMap<string, number>> {
  const rows = await connection.any(sql.type(z.object({ body: bytes, seq: z.number() }))`
    select ${atMost(longest.event, 'body')}, seq from audit_events
    where leaf = any(select decode(given, 'hex') from unnest(${sql.array([...leaves], 'text')}) as given)
      and (seq + 0) between 1 and ${last}`)
  const wanted = new Set(leaves)
  const found = rows.map(({ body, seq }) => [hex(leafHash(body)), seq] as const)
  return new Map(found.filter(([leaf]) => wanted.has(leaf)))
}

const columnTypes = [
  ...['int8', 'bytea', 'bytea', 'bytea', 'text', 'timestamptz', 'text', 'text', 'text'],
  ...['text', 'text', 'int8', 'int8', 'text', 'text', 'text'],
]

import { type CommonQueryMethods, sql } from 'slonik'
import { z } from 'zod'
import { linkHash, originHead } from '../../audit/chain.ts'
import { readClaim } from '../../audit/claim.ts'
import type { NoteKey } from '../../audit/note.ts'
import type { Keys } from '../../reconcile/ports/keys.ts'
import { atMost, longest } from '../longest.ts'

export type VouchDeps = {
  readonly keys: Pick<Keys, 'macHolds'>
  /** The instance. */
  readonly origin: string
  /** Ours: a checkpoint vouches for rows without a MAC, sealed by an older release or under a key that is gone. */
  readonly noteKeys?: readonly NoteKey[]
}

/** A row's number and the chain up to it. */
export type Place = { readonly seq: number; readonly chain: Uint8Array }

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array)
/** A row's place, and its MAC where it has one. */
export const sealedRow = z.object({
  seq: z.number(),
  chain: bytes,
  macKey: z.string().exactOptional(),
  mac: z.string().exactOptional(),
})
export const sealedColumns = sql.fragment`
  seq, ${atMost(longest.hash, 'chain')}, ${atMost(longest.mac, 'mac_key')}, ${atMost(longest.mac, 'mac')}`
type Sealed = z.infer<typeof sealedRow>
const linkRow = z.object({ seq: z.number(), leaf: bytes })
const noteRow = z.object({ size: z.number(), note: z.string() })
const pageSize = 1_000

/** Numbers that an event can have: a row under another one is not the ledger's, and in nobody's way. */
export const ofLedger = sql.fragment`seq between 1 and ${Number.MAX_SAFE_INTEGER}`

/** What the MAC of a sealed row covers. */
export const sealOf = (origin: string, { seq, chain }: Place): Readonly<Record<string, unknown>> => ({
  origin,
  seq,
  chain: Buffer.from(chain).toString('hex'),
})

/**
 * The last row that is known to be ours, with all that precedes it: its MAC holds, or a checkpoint of ours says exactly
 * this. `foreign`: the rows behind it, which somebody else put there, up to the first gap: what lies beyond that is
 * `adrift`, and no part of the chain.
 */
export const lastVouched = async (
  run: CommonQueryMethods,
  deps: VouchDeps,
): Promise<{
  readonly vouched: Place
  readonly foreign?: { readonly first: number; readonly last: Place }
}> => {
  let first: number | undefined
  const end = async (vouched: Place) => {
    if (first === undefined) return { vouched }
    const last = await run.maybeOne(sql.type(sealedRow.pick({ seq: true, chain: true }))`
      select seq, ${atMost(longest.hash, 'chain')} from (
        select seq, chain, row_number() over (order by seq) as nth from audit_events
        where ${ofLedger} and seq > ${vouched.seq}
      ) as behind
      where seq = ${vouched.seq} + nth order by seq desc limit 1`)
    return last === null ? { vouched } : { vouched, foreign: { first: vouched.seq + 1, last } }
  }
  for (let limit = 1; ; limit = pageSize) {
    const rows = await run.any(sql.type(sealedRow)`
      select ${sealedColumns} from audit_events
      where ${ofLedger} and seq <= ${(first ?? Number.MAX_SAFE_INTEGER + 1) - 1}
      order by seq desc limit ${limit}`)
    const holds = await vouching(run, deps, rows)
    for (const one of rows) {
      if (holds(one)) return end(one)
      first = one.seq
    }
    if (rows.length < limit) return end({ seq: 0, chain: originHead(deps.origin) })
  }
}

/** Whether the chain at one place leads to that at a later one, link by link: each lies on what precedes it. */
export const leadsTo = async (run: CommonQueryMethods, from: Place, to: Place): Promise<boolean> => {
  let { seq, chain } = from
  while (seq < to.seq) {
    const rows = await run.any(sql.type(linkRow)`
      select seq, ${atMost(longest.hash, 'leaf')} from audit_events where seq > ${seq} and seq <= ${to.seq} order by seq limit ${pageSize}`)
    for (const row of rows) {
      if (row.seq !== seq + 1) return false
      seq = row.seq
      chain = linkHash(chain, seq, row.leaf)
    }
    if (rows.length === 0) return false
  }
  return Buffer.compare(chain, to.chain) === 0
}

/** A row that lies in no unbroken line behind `last`: its number, as text. */
export const adriftBehind = async (run: CommonQueryMethods, last: Place): Promise<string | undefined> => {
  const row = await run.maybeOne(sql.type(z.object({ seq: z.string() }))`
    select seq::text as seq from audit_events as row
    where (seq < 1 or seq > ${last.seq}) and seq <> 1
      and not exists (select from audit_events where audit_events.seq = greatest(row.seq, 0) - 1)
    limit 1`)
  return row?.seq
}

/** Which of these rows are known to be ours. */
export const vouching = async (run: CommonQueryMethods, deps: VouchDeps, rows: readonly Sealed[]) => {
  const { keys, origin, noteKeys = [] } = deps
  const sealed = (one: Sealed) =>
    one.macKey !== undefined &&
    one.mac !== undefined &&
    keys.macHolds('sealed', sealOf(origin, one), { key: one.macKey, value: one.mac })
  const doubtful = rows.filter((one) => !sealed(one)).map(({ seq }) => seq)
  if (doubtful.length === 0 || noteKeys.length === 0) return sealed
  const notes = await run.any(sql.type(noteRow)`
    select size, ${atMost(longest.note, 'note')} from checkpoints where size = any(${sql.array(doubtful, 'int8')})`)
  const heads = new Map(
    notes.flatMap(({ size, note }) => {
      const said = readClaim(note, { origin, keys: noteKeys }, { of: 'checkpoints', by: `${size}` })
      return said.ok && said.claim.size === size ? [[size, said.claim.head] as const] : []
    }),
  )
  return (one: Sealed) => {
    const head = heads.get(one.seq)
    return sealed(one) || (head !== undefined && Buffer.compare(head, one.chain) === 0)
  }
}

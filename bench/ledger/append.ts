import { sql } from 'slonik'
import { z } from 'zod'
import { bodyOf } from '../../app/audit/body.ts'
import { leafHash, linkHash, originHead } from '../../app/audit/chain.ts'
import { columnsOf } from '../../app/audit/columns.ts'
import { connectionOf } from '../../app/store/database.ts'
import { createLedger } from '../../app/store/ledger/ledger.ts'
import type { BenchDatabase } from './database.ts'
import { eventOf, keys, log, origin } from './fill.ts'

type Load = { readonly writers: number; readonly ms: number }
type Appended = {
  readonly perSecond: number
  /** From the beginning of each transaction until its event is sealed, ms. */
  readonly waits: readonly number[]
}
export type Side = (load: Load) => Promise<Appended>

let next = 0

/** A business row and its event by stage and seal, as the service does it. */
export async function sealed({ database }: BenchDatabase): Promise<Side> {
  return async (load) => {
    const ledger = createLedger({ database, keys, log, clock: { now: () => Date.now() }, origin })
    const appended = await write(load, async (n) => {
      const leaf = await database.transaction(async (tx) => {
        await connectionOf(tx).query(sql.unsafe`insert into bench_rows (text) values (${`row ${n}`})`)
        return ledger.stage(tx, eventOf(n))
      })
      await ledger.sealed([leaf], Date.now() + 60_000)
    })
    await ledger.stop()
    return appended
  }
}

const headRow = z.object({
  seq: z.number(),
  chain: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
})

/** The plain way: in each transaction lock the ledger, read its head, insert the next event. */
export async function serialised({ database }: BenchDatabase): Promise<Side> {
  return (load) =>
    write(load, (n) =>
      database.transaction(async (tx) => {
        const connection = connectionOf(tx)
        await connection.query(sql.unsafe`insert into bench_rows (text) values (${`row ${n}`})`)
        await connection.query(sql.unsafe`select pg_advisory_xact_lock(7)`)
        const last = await connection.maybeOne(sql.type(headRow)`
          select seq, chain from audit_events order by seq desc limit 1`)
        const event = eventOf(n)
        const body = bodyOf(event)
        const leaf = leafHash(body)
        const seq = (last?.seq ?? 0) + 1
        const chain = linkHash(last?.chain ?? originHead(origin), seq, leaf)
        const of = columnsOf(event)
        await connection.query(sql.unsafe`
          insert into audit_events (seq, body, leaf, chain, type, at, actor_kind, actor_id, actor_login, request_id,
            grant_id, repo_id, pull, commit)
          values (${seq}, ${sql.binary(Buffer.from(body))}, ${sql.binary(Buffer.from(leaf))},
            ${sql.binary(Buffer.from(chain))}, ${of.type}, ${of.at}::timestamptz, ${of.actorKind}, ${of.actorId},
            ${of.actorLogin}, ${of.requestId}, ${of.grantId}, ${of.repoId}, ${of.pull}, ${of.commit})`)
      }),
    )
}

async function write({ writers, ms }: Load, one: (n: number) => Promise<void>): Promise<Appended> {
  const waits: number[] = []
  const began = performance.now()
  const end = began + ms
  await Promise.all(
    Array.from({ length: writers }, async () => {
      while (performance.now() < end) {
        const at = performance.now()
        await one(next++)
        waits.push(performance.now() - at)
      }
    }),
  )
  return { perSecond: waits.length / ((performance.now() - began) / 1_000), waits }
}

import { sql } from 'slonik'
import { z } from 'zod'
import type { Tx } from '../../reconcile/ports/store.ts'
import { at, connectionOf, type Database, isMoment } from '../database.ts'
import { atMost, longest } from '../longest.ts'

/** A signed checkpoint as stored; `note` is the only authority on what it says. */
export type StoredCheckpoint = {
  readonly size: number
  readonly note: string
  /** Epoch ms. */
  readonly madeAt: number
}

const row = z.object({ size: z.number(), note: z.string(), madeAt: z.number() })
const noteRow = z.object({ note: z.string() })
const pageSize = 1_000
/** The first is nearly always the one. */
const few = 10

/** One over more events than there can be is `audit verify`'s to name, and in nobody's way. */
const readable = sql.fragment`size between 0 and ${Number.MAX_SAFE_INTEGER} and ${isMoment('made_at')}`

/** Those over the most events first, of those made up to a moment (epoch ms) where one is given; streamed. */
export async function* newestStored(database: Database, until?: number): AsyncIterable<StoredCheckpoint> {
  for (let below = Number.MAX_SAFE_INTEGER; ; ) {
    const rows = await database.run.any(sql.type(row)`
      select size, note, made_at from checkpoints
      where size <= ${below} and made_at <= coalesce(${at(until)}, 'infinity') and ${readable}
        and octet_length(note) <= ${longest.note}
      order by size desc limit ${few}`)
    yield* rows
    const last = rows.at(-1)
    if (last === undefined || rows.length < few) return
    below = last.size - 1
  }
}

/** Every checkpoint over more than `after` events, the smallest first, streamed. */
export async function* readCheckpoints(database: Database, after = -1): AsyncIterable<StoredCheckpoint> {
  for (let from = after; ; ) {
    const rows = await database.run.any(sql.type(row)`
      select size, ${atMost(longest.note, 'note')}, made_at from checkpoints where size > ${from} and ${readable} order by size limit ${pageSize}`)
    yield* rows
    const last = rows.at(-1)
    if (last === undefined || rows.length < pageSize) return
    from = last.size
  }
}

/** @returns false, changing nothing, where there is one over as many events */
export const putCheckpoint = async (tx: Tx, { size, note, madeAt }: StoredCheckpoint): Promise<boolean> => {
  const { rowCount } = await connectionOf(tx).query(sql.unsafe`
    insert into checkpoints (size, note, made_at) values (${size}, ${note}, ${at(madeAt)})
    on conflict do nothing`)
  return rowCount > 0
}

/** Rotation notes in the order in which they were stored. */
export const readRotations = async (database: Database): Promise<readonly string[]> =>
  (
    await database.run.any(
      sql.type(noteRow)`select ${atMost(longest.note, 'note')} from key_rotations order by id`,
    )
  ).map(({ note }) => note)

/** The same note twice is stored once. */
export const putRotation = async (tx: Tx, note: string): Promise<void> => {
  await connectionOf(tx).query(sql.unsafe`
    insert into key_rotations (note) values (${note}) on conflict do nothing`)
}

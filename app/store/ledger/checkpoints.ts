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
const anyRow = z.object({
  size: z.number(),
  note: z.string().exactOptional(),
  madeAt: z.number().exactOptional(),
})
const noteRow = z.object({ note: z.string() })
const pageSize = 1_000
/** The first is nearly always the one. */
const few = 10
/** Not more: PostgreSQL would sort all there are for a page that seems to be most of the table. */
const many = 100

/** One over more events than there can be is `audit verify`'s to name, and in nobody's way. */
const readable = sql.fragment`size between 0 and ${Number.MAX_SAFE_INTEGER} and ${isMoment('made_at')}`

/**
 * Those over the most events first, streamed; undefined where what is stored cannot be read.
 * @param below over so many events at most
 * @param until epoch ms: of those made up to then
 */
export async function* newestStored(
  database: Database,
  { below = Number.MAX_SAFE_INTEGER, until }: { readonly below?: number; readonly until?: number } = {},
): AsyncIterable<{ readonly size: number; readonly stored: StoredCheckpoint | undefined }> {
  let count = few
  for (let most = below; ; ) {
    // A page by the index alone: with more conditions, a plan made on a small table reads all rows for each page.
    const rows = await database.run.any(sql.type(anyRow)`
      select size, case when fits then note end as note, case when fits then made_at end as made_at
      from (
        select size, note, made_at, ${readable} and octet_length(note) <= ${longest.note} as fits
        from checkpoints where size <= ${most} order by size desc limit ${count}
      ) as page
      where size >= 0`)
    for (const { size, note, madeAt } of rows) {
      const stored = note === undefined || madeAt === undefined ? undefined : { size, note, madeAt }
      if (until === undefined || (stored !== undefined && stored.madeAt <= until)) yield { size, stored }
    }
    const last = rows.at(-1)
    if (last === undefined || rows.length < count) return
    most = last.size - 1
    count = many
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

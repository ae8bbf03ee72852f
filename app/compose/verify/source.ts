import { sql } from 'slonik'
import { z } from 'zod'
import { eventIn } from '../../audit/body.ts'
import type { EventType, LedgerEvent } from '../../audit/event.ts'
import { type ExportLine, readExportLine } from '../../audit/export-line.ts'
import type { NoteKey } from '../../audit/note.ts'
import type { Verified, VerifierOptions } from '../../audit/verify.ts'
import { verifyExportLines } from '../../audit/verify-export.ts'
import type { VerifyAsk } from '../../cli/deps.ts'
import { at, openDatabase } from '../../store/database.ts'
import { sealedBodies } from '../../store/ledger/append.ts'
import { readRotations } from '../../store/ledger/checkpoints.ts'
import { ledgerReads } from '../../store/ledger/read.ts'
import { type VerifyOptions, verifyLedger } from '../../store/ledger/verify.ts'
import { linesOf, sizesOf } from '../lines.ts'
import { recordedOrigin } from '../origin.ts'

export type Since = NonNullable<VerifyAsk['since']>

/** A stored checkpoint, how many events it is said to be over, and the last of these as it is stored. */
export type Beginning = z.infer<typeof beginning>

const bytes = z.custom<Buffer>((value) => Buffer.isBuffer(value)).nullable()
const beginning = z.object({ size: z.number(), note: z.string(), body: bytes, leaf: bytes })

type Seen = { readonly seq: number; readonly event: LedgerEvent }

/** Where the ledger lies that is verified: in a database or in an export. */
export type Source = {
  /** The instance. */
  readonly origin: string
  readonly rotations: readonly string[]
  /** `progress` counts a database's events, an export's bytes. */
  verify(
    options: Pick<VerifierOptions, 'keys' | 'claims'> & Pick<VerifyOptions, 'after' | 'threads' | 'progress'>,
  ): Promise<
    Verified &
      Partial<Awaited<ReturnType<typeof verifyLedger>>> &
      Partial<Awaited<ReturnType<typeof verifyExportLines>>>
  >
  /** Asked of a ledger whose leaves and links hold: its events of these types, up to `size`, but for what is none. */
  events(types: readonly EventType[], size: number): AsyncIterable<Seen>
  /** leaf (hex) → seq of those that it holds. */
  places(leaves: readonly string[]): Promise<ReadonlyMap<string, number>>
  /** The newest checkpoints that the columns put before a moment (epoch ms) or seq, the newest first. */
  checkpointsBefore?(since: Since): Promise<readonly Beginning[]>
  close(): Promise<void>
}

/** @param instance the verifier's own word for which ledger it is; else what the database says */
export async function databaseSource(url: string, instance: string | undefined): Promise<Source> {
  const database = await openDatabase(url)
  try {
    const origin = instance ?? (await recordedOrigin(database))
    const rotations = await readRotations(database)
    return {
      origin,
      rotations,
      verify: (options) => verifyLedger(database, origin, options),
      async *events(types, size) {
        // What is no event is a fault of the verification already.
        for await (const sealed of ledgerReads(database, () => undefined).read({ types }))
          if (sealed.seq <= size) yield sealed
      },
      places: (leaves) => sealedBodies(database.run, leaves, Number.MAX_SAFE_INTEGER),
      async checkpointsBefore(since) {
        const before =
          'seq' in since
            ? sql.fragment`${since.seq}`
            : sql.fragment`coalesce((select min(seq) from audit_events where at >= ${at(since.time)}),
                (select max(seq) + 1 from audit_events))`
        return database.run.any(sql.type(beginning)`
          select c.size, c.note, e.body, e.leaf from checkpoints c left join audit_events e on e.seq = c.size
          where c.size > 0 and c.size < ${before} order by c.size desc limit 10`)
      },
      close: () => database.close(),
    }
  } catch (error) {
    await database.close()
    throw error
  }
}

export async function exportSource(path: string): Promise<Source> {
  async function* lines(): AsyncIterable<ExportLine> {
    let number = 0
    for await (const text of linesOf(path)) yield readExportLine(text, ++number)
  }
  let origin = ''
  const rotations: string[] = []
  for await (const line of lines()) {
    if (line.kind === 'header') origin = line.origin
    else if (line.kind === 'rotation') rotations.push(line.note)
    else if (line.kind !== 'key') break
  }
  return {
    origin,
    rotations,
    verify: async ({ progress, ...options }) => {
      const { total } = await sizesOf([path])
      return verifyExportLines(
        linesOf(path, (bytes) => progress?.(bytes, total)),
        options,
      )
    },
    async *events(types) {
      const wanted = new Set(types)
      for await (const line of lines()) {
        if (line.kind !== 'event') continue
        const event = eventIn(line.body)
        if (event && wanted.has(event.type)) yield { seq: line.seq, event }
      }
    },
    async places(leaves) {
      const wanted = new Set(leaves)
      const found = new Map<string, number>()
      for await (const line of lines())
        if (line.kind === 'event' && wanted.has(line.leaf)) found.set(line.leaf, line.seq)
      return found
    },
    close: async () => undefined,
  }
}

export type Keys = readonly NoteKey[] | undefined

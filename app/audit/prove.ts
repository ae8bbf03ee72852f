import { eventIn, eventOf } from './body.ts'
import { leafHash } from './chain.ts'
import { checkpointIn, readCheckpoint } from './checkpoint.ts'
import type { LedgerEvent } from './event.ts'
import type { ExportLine } from './export-line.ts'
import { hex } from './hex.ts'
import { includes, inclusionRanges, rootsOf } from './merkle.ts'
import { NoteError, openNote } from './note.ts'
import { proofText } from './proof.ts'
import { rotationsOf } from './rotation.ts'

/** Which events: one by its place, or those of a request, of one type where `type` says so. */
export type Wanted =
  | { readonly seq: number }
  | { readonly request: string; readonly type?: string | undefined }

type Event = { readonly seq: number; readonly body: Uint8Array }

/** Events, the newest checkpoint, where there is one, and what is stored as rotations, some of which may be none. */
export type Found = {
  readonly events: readonly Event[]
  readonly checkpoint?: string
  readonly rotations: readonly string[]
}

export type Proven = {
  /** How many events the newest checkpoint is over; undefined: there is no checkpoint yet. */
  readonly size?: number
  /** As `proofText`. */
  readonly proofs: readonly { readonly seq: number; readonly type: string; readonly text: string }[]
  /** Events that no checkpoint is over yet. */
  readonly tooNew: readonly number[]
}

/**
 * The wanted events of an export, its rotations, and the newest checkpoint that its chain agrees with; where there is
 * none, the newest. What is no event is passed over, but for the one at a wanted place.
 */
export async function findInExport(lines: AsyncIterable<ExportLine>, wanted: Wanted): Promise<Found> {
  const events: Event[] = []
  const rotations: string[] = []
  let held: string | undefined
  let newest: string | undefined
  let last: { readonly seq: number; readonly chain: string } | undefined
  for await (const line of lines) {
    if (line.kind === 'event') last = line
    if (line.kind === 'checkpoint') {
      const said = checkpointIn(line.note)
      if (said !== undefined) newest = line.note
      if (said?.size === last?.seq && said !== undefined && hex(said.head) === last?.chain) held = line.note
    }
    if (line.kind === 'rotation') rotations.push(line.note)
    if (line.kind !== 'event') continue
    // Reading every event as JSON would take most of the time.
    const { body } = line
    if ('seq' in wanted ? line.seq !== wanted.seq : !body.includes(wanted.request)) continue
    if ('seq' in wanted || isOf(wanted, eventIn(body))) events.push({ seq: line.seq, body })
  }
  const checkpoint = held ?? newest
  return { events, rotations, ...(checkpoint !== undefined && { checkpoint }) }
}

const isOf = ({ request, type }: Exclude<Wanted, { seq: number }>, event: LedgerEvent | undefined): boolean =>
  event !== undefined && [event.request, event.grant].includes(request) && event.type === (type ?? event.type)

/**
 * Proofs of these events under their checkpoint, from one pass over the ledger's leaves.
 * @throws NoteError where the events or the leaves do not lead to the checkpoint
 */
export async function prove(
  { events, checkpoint, rotations: stored }: Found,
  leaves: () => AsyncIterable<Uint8Array>,
): Promise<Proven> {
  if (checkpoint === undefined) return { proofs: [], tooNew: events.map(({ seq }) => seq) }
  const { origin, size, root } = readCheckpoint(openNote(checkpoint, []).text)
  const rotations = rotationsOf(origin, stored)
  const covered = events.filter(({ seq }) => seq <= size)
  const ranges = covered.map(({ seq }) => inclusionRanges(seq - 1, size))
  const roots = await rootsOf(ranges.flat(), covered.length === 0 ? [] : leaves()).catch((cause: unknown) => {
    throw cause instanceof RangeError ? new NoteError(astray, { cause }) : cause
  })
  let from = 0
  const proofs = covered.map(({ seq, body }, index) => {
    const path = roots.slice(from, from + (ranges[index]?.length ?? 0))
    from += path.length
    if (!includes({ index: seq - 1, size, path }, leafHash(body), root)) throw new NoteError(astray)
    return { seq, type: eventOf(body).type, text: proofText({ seq, body, path, checkpoint, rotations }) }
  })
  return { size, proofs, tooNew: events.map(({ seq }) => seq).filter((seq) => seq > size) }
}

const astray =
  'The events do not lead to the newest checkpoint: gitsudo audit verify says where they were altered.'

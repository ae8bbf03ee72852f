import { originHead } from './chain.ts'
import { told } from './compare/comparison.ts'
import { foreignFaults } from './compare/lines.ts'
import { ExportError, readExportLine, type SegmentBounds } from './export-line.ts'
import { hex } from './hex.ts'
import { type NoteKey, ownKeys } from './note.ts'
import { trustedKeys } from './rotation.ts'
import { isWhole } from './verify.ts'
import { type ExportVerified, verifyExportLines } from './verify-export.ts'

/** What one segment shows by itself: with `faults`, nothing. */
export type Segment = {
  readonly file: string
  readonly origin: string
  readonly first: number
  readonly last: number
  /** Chain heads before and after it, hex: what its neighbours have to agree with. */
  readonly head: string
  readonly end: string
  readonly faults: readonly string[]
}

export type SegmentRow = {
  readonly segments: readonly Segment[]
  /** What is wrong between neighbours. */
  readonly faults: readonly string[]
  /** No key was given: whose checkpoints these are is not proven. */
  readonly unsigned: boolean
}

/**
 * Verifies segments of an export, each alone and then as a row in the order given.
 * @param given public keys that are trusted; undefined: none is known
 * @throws ExportError naming the file that is no segment
 */
export async function verifySegments(
  files: readonly { readonly file: string; readonly lines: () => AsyncIterable<string> }[],
  given: readonly NoteKey[] | undefined,
): Promise<SegmentRow> {
  const segments: Segment[] = []
  for (const { file, lines } of files) segments.push(await verifySegment(file, lines, given))
  return { segments, faults: rowFaults(segments), unsigned: given === undefined }
}

/** The header's bounds; undefined: this is an export of the whole ledger, or none. */
export async function segmentOf(lines: AsyncIterable<string>): Promise<SegmentBounds | undefined> {
  for await (const text of lines) {
    const line = readExportLine(text, 1)
    return line.kind === 'header' ? line.segment : undefined
  }
  return undefined
}

async function verifySegment(
  file: string,
  lines: () => AsyncIterable<string>,
  given: readonly NoteKey[] | undefined,
): Promise<Segment> {
  const { origin, bounds, rotations } = await beginningOf(file, lines())
  const { first, last, head } = bounds
  const ours = given && ownKeys(origin, given)
  const keys = ours && trustedKeys(ours.keys, rotations)
  const verified = await verifyExportLines(lines(), keys ? { keys } : {})
  const faults = [
    ...(ours?.faults ?? []),
    ...segmentFaults(origin, bounds, verified),
    ...foreignFaults(verified.marks.foreign),
  ]
  const end = isWhole(verified) ? hex(verified.head) : ''
  return { file, origin, first, last, head, end, faults }
}

/**
 * Where a segment is not what its header says. What it says itself not to be gitsudo's may say anything, where it is
 * linked.
 */
export function segmentFaults(
  origin: string,
  { first, last, head, before }: SegmentBounds,
  verified: ExportVerified,
): readonly string[] {
  const faults = verified.marks.faults.map(told)
  const odd = verified.ok || verified.linked ? verified.unexcused : verified
  if (odd !== undefined) faults.push(`event ${odd.seq}: ${odd.what} is not as it has to be`)
  if (first > 1 ? before === undefined : head !== hex(originHead(origin)))
    faults.push('it does not say what it goes on from')
  const { newest } = verified.marks
  if (isWhole(verified) && !(verified.events === last && newest?.size === last))
    faults.push(`it does not end with a checkpoint over its last event, ${last}`)
  return faults
}

async function beginningOf(file: string, lines: AsyncIterable<string>) {
  let header: { readonly origin: string; readonly bounds: SegmentBounds } | undefined
  const rotations: string[] = []
  let number = 0
  for await (const text of lines) {
    const line = readExportLine(text, ++number)
    if (line.kind === 'header' && line.segment) header = { origin: line.origin, bounds: line.segment }
    else if (line.kind === 'rotation') rotations.push(line.note)
    else if (line.kind !== 'key') break
  }
  if (header === undefined) throw new ExportError(`${file} is no segment: it was exported without --seal`)
  return { ...header, rotations }
}

/** Missing, doubled and reordered segments, and neighbours that do not fit, each named. */
function rowFaults(segments: readonly Segment[]): readonly string[] {
  return segments.slice(1).flatMap((next, index) => {
    const last = segments[index]
    if (last === undefined) return []
    const pair = `${last.file} and ${next.file}`
    if (next.origin !== last.origin) return [`${pair} are of two ledgers, ${last.origin} and ${next.origin}`]
    if (next.first === last.first && next.last === last.last) return [`${pair} are the same segment twice`]
    if (next.last < last.first) return [`${pair} are in the wrong order`]
    if (next.first <= last.last) return [`${pair} overlap: both have event ${next.first}`]
    if (next.first > last.last + 1)
      return [`Events ${last.last + 1} to ${next.first - 1} are missing between ${pair}`]
    if (next.head !== last.end && last.end !== '')
      return [`${next.file} goes on from another event ${last.last} than ${last.file} ends with`]
    return []
  })
}

import { readFile } from 'node:fs/promises'
import {
  type Consistency,
  growth,
  heldInExport,
  isConsistency,
  readConsistency,
} from '../audit/consistency.ts'
import { ExportError, type ExportLine, readExportLine } from '../audit/export-line.ts'
import { createForeignSearch } from '../audit/foreign.ts'
import { readNoteKey } from '../audit/note.ts'
import { type Proof, proofMark, readProof } from '../audit/proof.ts'
import { findInExport, prove } from '../audit/prove.ts'
import { createReport } from '../audit/report/collect.ts'
import type { Period, Report } from '../audit/report/report.ts'
import { segmentOf, verifySegments } from '../audit/segment.ts'
import type { AuditAccess, CliDeps, LedgerAccess } from '../cli/deps.ts'
import { openDatabase } from '../store/database.ts'
import { exportLedger, readLedger } from '../store/ledger/export.ts'
import { exportSegment } from '../store/ledger/export-segment.ts'
import { proveEvents, proveGrowth } from '../store/ledger/prove.ts'
import { linesOf, sizesOf } from './lines.ts'
import { recordedOrigin } from './origin.ts'

/** The ledger of a database, read only. The instance's name: `GITSUDO_INSTANCE`, else what `server init` wrote down. */
export const openAudit = async (databaseUrl: string, env: NodeJS.ProcessEnv): Promise<AuditAccess> => {
  const database = await openDatabase(databaseUrl)
  const origin = async () => env.GITSUDO_INSTANCE ?? (await recordedOrigin(database))
  return {
    async export({ seal, ...options }) {
      if (seal !== undefined) return exportSegment(database, await origin(), { ...options, ...seal })
      const last = await exportLedger(database, await origin(), options)
      return { first: Math.min(1, last), last }
    },
    prove: async (wanted) => proveEvents(database, await origin(), wanted),
    proveGrowth: async (from, to) => proveGrowth(database, await origin(), from, to),
    async report(period) {
      const header = { origin: await origin(), keys: [] }
      return reportOf(period, (take) =>
        readLedger(database, header, async (lines) => {
          for (const line of lines) take(line)
        }),
      )
    },
    close: () => database.close(),
  }
}

/** Segments of an export, each alone and as a row; undefined: the one file is an export of a whole ledger. */
export const verifySegmentFiles: CliDeps['verifySegments'] = async (files, keys, progress) => {
  const [only] = files
  if (only !== undefined && files.length === 1 && (await segmentOf(linesOf(only))) === undefined)
    return undefined
  const { total, before } = await sizesOf(files)
  const sources = files.map((file, index) => ({
    file,
    lines: () => linesOf(file, (bytes) => progress?.((before[index] ?? 0) + bytes, total)),
  }))
  return verifySegments(sources, keys?.map(readNoteKey))
}

/** The proof in a file; undefined where it holds something else, of whatever size. */
export const proofIn = async (path: string): Promise<Proof | Consistency | undefined> => {
  for await (const line of linesOf(path)) {
    if (isConsistency(line)) return readConsistency(await readFile(path, 'utf8'))
    if (line !== proofMark) return undefined
    return readProof(await readFile(path, 'utf8'))
  }
  return undefined
}

/** An export of the whole ledger in place of a database. @throws ExportError of a segment that begins later */
export const openExport = async (path: string): Promise<LedgerAccess> => {
  const segment = await segmentOf(linesOf(path))
  if (segment !== undefined && segment.first > 1)
    throw new ExportError(
      `${path} is a segment that begins with event ${segment.first}; this needs an export of the whole ledger`,
    )
  return wholeExport(path)
}

const wholeExport = (path: string): LedgerAccess => ({
  prove: async (wanted) => prove(await findInExport(exportLines(path), wanted), () => leavesOf(path)),
  proveGrowth: async (from, to) => {
    const checkpoint = await heldInExport(exportLines(path), to)
    return checkpoint === undefined ? undefined : growth(from, checkpoint, () => leavesOf(path))
  },
  report: (period) =>
    reportOf(period, async (take) => {
      for await (const line of exportLines(path)) take(line)
    }),
  close: async () => undefined,
})

async function* leavesOf(path: string): AsyncIterable<Uint8Array> {
  for await (const line of exportLines(path)) if (line.kind === 'event') yield Buffer.from(line.leaf, 'hex')
}

/** @param each reads the whole ledger: twice, because what a row is worth is said after it */
async function reportOf(
  period: Period,
  each: (take: (line: ExportLine) => void) => Promise<unknown>,
): Promise<Report> {
  const search = createForeignSearch()
  await each(search.push)
  const report = createReport(period, search.end())
  await each(report.push)
  return report.end()
}

/** @throws ExportError of a file that is none, an empty one too */
export async function* exportLines(path: string) {
  let number = 0
  for await (const text of linesOf(path)) yield readExportLine(text, ++number)
  if (number === 0) throw new ExportError('the file is empty')
}

import { readFile } from 'node:fs/promises'
import { sql } from 'slonik'
import { z } from 'zod'
import type { LedgerEvent } from '../audit/event.ts'
import { readExportLine } from '../audit/export-line.ts'
import { readNoteKey } from '../audit/note.ts'
import { type Proof, proofMark, readProof } from '../audit/proof.ts'
import { findInExport, prove } from '../audit/prove.ts'
import { createReport } from '../audit/report/collect.ts'
import { segmentOf, verifySegments } from '../audit/segment.ts'
import type { AuditAccess, CliDeps, LedgerAccess, Replayed } from '../cli/deps.ts'
import { replayDecision } from '../policy/replay.ts'
import type { ApprovalResult, EligibilityResult } from '../policy/result.ts'
import { type Database, openDatabase } from '../store/database.ts'
import { evidenceBytes } from '../store/ledger/evidence.ts'
import { exportLedger, readLedger } from '../store/ledger/export.ts'
import { exportSegment } from '../store/ledger/export-segment.ts'
import { proveEvents } from '../store/ledger/prove.ts'
import { ledgerReads } from '../store/ledger/read.ts'
import { linesOf } from './lines.ts'
import { policyTools } from './policies.ts'

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
    prove: (wanted) => proveEvents(database, wanted),
    async report(period) {
      const report = createReport(period)
      await readLedger(database, { origin: await origin(), keys: [] }, async (lines) => {
        for (const line of lines) report.push(line)
      })
      return report.end()
    },
    replay: (id, dir) => replay(database, id, dir, env),
    close: () => database.close(),
  }
}

/** Segments of an export, each alone and as a row; undefined: the one file is an export of a whole ledger. */
export const verifySegmentFiles: CliDeps['verifySegments'] = async (files, keys) => {
  const [only] = files
  if (only !== undefined && files.length === 1 && (await segmentOf(linesOf(only))) === undefined)
    return undefined
  const sources = files.map((file) => ({ file, lines: () => linesOf(file) }))
  return verifySegments(sources, keys?.map(readNoteKey))
}

/** The proof in a file; undefined where it holds something else, of whatever size. */
export const proofIn = async (path: string): Promise<Proof | undefined> => {
  for await (const line of linesOf(path)) {
    if (line !== proofMark) return undefined
    return readProof(await readFile(path, 'utf8'))
  }
  return undefined
}

/** An export in place of a database. */
export const openExport = async (path: string): Promise<LedgerAccess> => ({
  prove: async (wanted) =>
    prove(await findInExport(exportLines(path), wanted), async function* () {
      for await (const line of exportLines(path))
        if (line.kind === 'event') yield Buffer.from(line.leaf, 'hex')
    }),
  async report(period) {
    const report = createReport(period)
    for await (const line of exportLines(path)) report.push(line)
    return report.end()
  },
  close: async () => undefined,
})

async function* exportLines(path: string) {
  let number = 0
  for await (const text of linesOf(path)) yield readExportLine(text, ++number)
}

export const recordedOrigin = async (database: Database): Promise<string> => {
  const row = await database.run.one(
    sql.type(z.object({ origin: z.string() }))`select origin from ledger_origin`,
  )
  return row.origin
}

type Recorded = {
  readonly policy: string
  readonly type: 'eligibility' | 'approval'
  readonly reviewer?: number
  readonly input: string
  readonly wasm: string
  readonly data: string
  readonly outcome: { readonly kind: string }
}

/** Every recorded decision on a request, evaluated again from its evidence with the policies of a folder. */
const replay = async (
  database: Database,
  id: string,
  dir: string,
  env: NodeJS.ProcessEnv,
): Promise<readonly Replayed[]> => {
  const tools = await policyTools(env)
  try {
    const set = await tools.load(dir)
    const found: Replayed[] = []
    for (const { seq, event } of await ledgerReads(database).history(id)) {
      const recorded = evaluationsOf(event)
      if (recorded.length === 0) continue
      const { differences } = await replayDecision(set, resultsOf(recorded), (digest) =>
        evidenceBytes(database, digest),
      )
      for (const one of recorded) {
        const mine = differences.filter(
          ({ policy, reviewerId }) => policy === one.policy && reviewerId === one.reviewer,
        )
        const other = mine.find(({ about }) => about !== 'outcome')
        const different = other ?? mine[0]
        found.push({
          seq,
          at: event.at,
          policy: one.policy,
          outcome: other !== undefined ? 'other_policy' : different !== undefined ? 'different' : 'same',
          recorded: different?.recorded ?? '',
          now: different?.found ?? '',
        })
      }
    }
    return found
  } finally {
    await tools.close()
  }
}

const evaluationsOf = (event: LedgerEvent): readonly Recorded[] =>
  event.type === 'request.evaluated' && Array.isArray(event.data.evaluations)
    ? (event.data.evaluations as unknown as readonly Recorded[])
    : []

/** The results as the evaluator gave them, put together from the event's flat list. */
const resultsOf = (recorded: readonly Recorded[]) => {
  const digests = ({ input, wasm, data }: Recorded) => ({ input, wasm, data })
  const plain = recorded.filter(({ reviewer }) => reviewer === undefined)
  return {
    eligibility: plain
      .filter(({ type }) => type === 'eligibility')
      .map(
        (one) => ({ policy: one.policy, digests: digests(one), outcome: one.outcome }) as EligibilityResult,
      ),
    approval: plain
      .filter(({ type }) => type === 'approval')
      .map(
        (one) =>
          ({
            policy: one.policy,
            digests: digests(one),
            outcome: one.outcome,
            reviewers: recorded
              .filter(
                ({ policy, type, reviewer }) =>
                  type === 'approval' && policy === one.policy && reviewer !== undefined,
              )
              .map((each) => ({ reviewerId: each.reviewer, digests: digests(each), outcome: each.outcome })),
          }) as unknown as ApprovalResult,
      ),
  }
}

import { EventError } from '../../audit/body.ts'
import { ExportError } from '../../audit/export-line.ts'
import { NoteError } from '../../audit/note.ts'
import type { AuditAccess, CliDeps, LedgerAccess } from '../deps.ts'
import { Failure } from '../failure.ts'
import { missing } from '../missing.ts'
import { type Args, text } from '../verb.ts'

/** Where verbs that read the ledger without the service find it. */
export const database = {
  flags: '--database-url <url>',
  summary: 'instead of GITSUDO_DATABASE_URL or DATABASE_URL',
}
export const fromExport = { flags: '--export <file>', summary: 'from this export, without a database' }

/** As `withAudit`, or the export of --export instead. What turns out to be no ledger is refused. */
export async function withLedger<T>(
  deps: CliDeps,
  args: Args,
  work: (ledger: LedgerAccess) => Promise<T>,
): Promise<T> {
  const file = text(args, 'export')
  try {
    return await (file === undefined ? withAudit(deps, args, work) : work(await deps.openExport(file)))
  } catch (cause) {
    if (cause instanceof NoteError || cause instanceof EventError || cause instanceof ExportError)
      throw new Failure('refused', cause.message, 'run gitsudo audit verify', { cause })
    throw file === undefined ? cause : missing(file, cause)
  }
}

/** Of --database-url, else of the environment. */
export function databaseUrl({ env }: Pick<CliDeps, 'env'>, args: Args): string | undefined {
  return text(args, 'databaseUrl') ?? (env.GITSUDO_DATABASE_URL || env.DATABASE_URL || undefined)
}

/** Opens the ledger of --database-url or the environment, and closes it whatever happens. */
export async function withAudit<T>(
  deps: CliDeps,
  args: Args,
  work: (ledger: AuditAccess) => Promise<T>,
): Promise<T> {
  const url = databaseUrl(deps, args)
  if (url === undefined)
    throw new Failure('usage', 'No database is named.', 'set GITSUDO_DATABASE_URL, or pass --database-url')
  const ledger = await deps.openAudit(url).catch((cause: unknown) => {
    throw new Failure(
      'unknown',
      `The database cannot be reached: ${cause instanceof Error ? cause.message : String(cause)}`,
      'check GITSUDO_DATABASE_URL',
      { cause },
    )
  })
  try {
    return await work(ledger)
  } finally {
    await ledger.close()
  }
}

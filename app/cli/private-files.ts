import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Files that only their owner may read, in a folder of their own, and their paths by the same names; at once, so that
 * no signal is heard in between.
 */
export function privateFiles(files: Readonly<Record<string, string>>): {
  readonly paths: Readonly<Record<string, string>>
  remove(): void
} {
  const wanted = Object.entries(files)
  if (wanted.length === 0) return { paths: {}, remove: () => undefined }
  const folder = mkdtempSync(join(tmpdir(), 'gitsudo-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    const paths = wanted.map(([name, text], index) => {
      const path = join(folder, String(index))
      writeFileSync(path, text, { flag: 'wx', mode: 0o600 })
      return [name, path] as const
    })
    return { paths: Object.fromEntries(paths), remove }
  } catch (error) {
    remove()
    throw error
  }
}

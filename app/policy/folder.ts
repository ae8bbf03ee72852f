import { readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'

/** What lies below `<folder>/policies`, as the mirror gives it for a commit: path → bytes, plain files only. */
export function readFolder(folder: string): ReadonlyMap<string, Uint8Array> {
  const root = join(folder, 'policies')
  return new Map(
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [
        `policies/${path
          .slice(root.length + 1)
          .split(sep)
          .join('/')}`,
        readFileSync(path),
      ]),
  )
}

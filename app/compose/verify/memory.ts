import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

/** What a run remembers of a ledger, so that a later one sees whether it goes on from there. */
export type Remembered = {
  /** The newest signed checkpoint that agreed. */
  readonly checkpoint: string
  /** The newest commit of the anchor branch. */
  readonly anchor?: string
}

const file = z.object({ checkpoint: z.string(), anchor: z.string().exactOptional() })

const pathOf = (dir: string, origin: string): string => join(dir, `${encodeURIComponent(origin)}.json`)

/** What an earlier run left; undefined: nothing. Throws what is not readable: forgetting must not look like not knowing. */
export async function recall(dir: string, origin: string): Promise<Remembered | undefined> {
  try {
    return file.parse(JSON.parse(await readFile(pathOf(dir, origin), 'utf8')))
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    throw new Error(
      `${pathOf(dir, origin)} cannot be read: somebody altered it, or it is of another version`,
      {
        cause,
      },
    )
  }
}

export async function remember(dir: string, origin: string, what: Remembered): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const path = pathOf(dir, origin)
  await writeFile(`${path}.new`, `${JSON.stringify(what, null, 2)}\n`, { mode: 0o600 })
  await rename(`${path}.new`, path)
}

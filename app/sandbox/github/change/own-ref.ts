import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Repository } from '../state/repository.ts'

/**
 * Moves a ref that only this GitHub writes (`refs/pull/N/…`), without a process: nobody else can lock it, for
 * pushes to hidden refs are refused.
 */
export async function moveOwnRef(repository: Repository, ref: string, sha: string): Promise<void> {
  const path = `${repository.gitDir}/${ref}`
  await mkdir(dirname(path), { recursive: true })
  await writeFile(`${path}.lock`, `${sha}\n`)
  await rename(`${path}.lock`, path)
  repository.refs.set(ref, sha)
}

import { constants } from 'node:fs'
import { access, open, rename, rm } from 'node:fs/promises'
import type { Write } from './deps.ts'
import { Failure } from './failure.ts'

/**
 * A new file that only its owner may read, filled by `work` under a name of its own and given its name once it is
 * whole and on the disk: what failed half-way leaves nothing. `-` is standard output.
 */
export async function writeFile<T>(path: string, work: (write: Write) => Promise<T>): Promise<T> {
  if (path === '-') return work(toStandardOutput)
  await refuseExisting(path)
  const unfinished = `${path}.${process.pid}.unfinished`
  try {
    const file = await open(unfinished, 'wx', 0o600).catch((cause: unknown) => {
      throw cannotWrite(path, cause)
    })
    let made: T
    try {
      made = await work(async (text) => {
        await file.writeFile(text).catch((cause: unknown) => {
          throw cannotWrite(path, cause)
        })
      })
      await file.sync()
    } finally {
      await file.close()
    }
    await refuseExisting(path)
    await rename(unfinished, path)
    return made
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
}

async function toStandardOutput(text: string): Promise<void> {
  await new Promise<void>((done, failed) => {
    process.stdout.write(text, (error) => (error ? failed(error) : done()))
  })
}

async function refuseExisting(path: string): Promise<void> {
  try {
    await access(path, constants.F_OK)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return
    throw cannotWrite(path, error)
  }
  throw new Failure('usage', `${path} is there already.`, 'name a file that is not there yet')
}

function cannotWrite(path: string, cause: unknown): Failure {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new Failure('usage', `${path} cannot be written: ${why}`, 'name another file', { cause })
}

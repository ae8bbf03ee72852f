import { spawn } from 'node:child_process'
import { GIT_ENVIRONMENT } from './git.ts'

/** Moves refs of one bare repository through one long-lived `update-ref`: a process for each would be the main cost. */
export type RefStore = {
  /**
   * Moves the ref to `after` (null deletes it) if it is at `before` (null: if it does not exist; absent: wherever
   * it is). Throws with Git's words. One at a time.
   */
  move(ref: string, after: string | null, before?: string | null): Promise<void>
  /** Ends the process. */
  close(): Promise<void>
}

const NOTHING = '0'.repeat(40)

/** Opens the refs of the bare repository at `gitDir`. */
export function openRefs(gitDir: string): RefStore {
  let writer: ReturnType<typeof startWriter> | undefined
  return {
    move: async (ref, after, before) => {
      const old = before === undefined ? '' : ` ${before ?? NOTHING}`
      writer ??= startWriter(gitDir)
      try {
        await writer.transact(after === null ? `delete ${ref}${old}` : `update ${ref} ${after}${old}`)
      } catch (error) {
        // Git ends the process with the transaction that it refuses; the next move starts another.
        writer = undefined
        throw error
      }
    },
    close: async () => {
      await writer?.stop()
    },
  }
}

function startWriter(gitDir: string) {
  const child = spawn('git', ['update-ref', '--stdin'], {
    cwd: gitDir,
    env: { ...GIT_ENVIRONMENT, GIT_DIR: gitDir },
  })
  let waiting: { done(): void; fail(error: Error): void } | undefined
  let said = ''
  let complaint = ''
  const closed = new Promise<void>((resolve) => {
    child.on('close', () => {
      waiting?.fail(new Error(complaint.trim() || 'git update-ref ended'))
      resolve()
    })
  })
  child.on('error', (error) => waiting?.fail(error))
  // A writer that has died says why on its standard error, and closes.
  child.stdin.on('error', () => child.kill())
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString()
  })
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString()
    if (!said.endsWith('commit: ok\n')) return
    said = ''
    waiting?.done()
    waiting = undefined
  })
  return {
    transact: (command: string) =>
      new Promise<void>((done, fail) => {
        waiting = { done, fail }
        child.stdin.write(`start\n${command}\nprepare\ncommit\n`)
      }),
    stop: () => {
      child.stdin.end()
      return closed
    },
  }
}

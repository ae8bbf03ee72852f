import { spawn } from 'node:child_process'
import { constants } from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { hex } from '../audit/hex.ts'
import type { Config } from '../config.ts'
import type { SignedCheckpoint } from '../reconcile/ports/checkpoints.ts'
import type { Log } from '../reconcile/ports/log.ts'
import { within } from './within.ts'

const usualLimitMs = 10_000

/**
 * Shows a checkpoint to whoever holds them outside: the log (and whoever reads that), the configured files and the
 * configured command. What fails alerts and holds nothing up: the next checkpoint vouches for all before it.
 * @param limitMs how long each of them may take; a file that takes longer gets no other checkpoint meanwhile
 * @param append resolves once the text is at the file's end
 */
export const createWitness = (
  { files, command }: Config['witnesses'],
  log: Log,
  limitMs = usualLimitMs,
  append: (file: string, text: string) => Promise<void> = atEnd,
): ((checkpoint: SignedCheckpoint) => Promise<void>) => {
  const attempt = async (witness: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      log.alert('witness.failed', { witness, why: error instanceof Error ? error.message : String(error) })
    }
  }
  const pending = new Set<string>()
  const write = async (file: string, text: string): Promise<void> => {
    if (pending.has(file)) throw new Error('an earlier checkpoint is still being written to it')
    pending.add(file)
    await within(
      limitMs,
      append(file, text).finally(() => pending.delete(file)),
    )
  }
  return async ({ size, root, head, note }) => {
    log.info('checkpoint', { size, root: hex(root), head: hex(head), note })
    for (const file of files) await attempt(file, () => write(file, `${note}\n`))
    if (command !== undefined) await attempt(command[0] ?? '', () => runConfined(command, note, limitMs))
  }
}

/** A pipe that nobody reads fails: to wait for a reader takes a thread for good. */
const flag = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK
const atEnd = (file: string, text: string): Promise<void> => appendFile(file, text, { mode: 0o640, flag })

/** No shell, no environment, nothing of ours but the note; killed with its time. */
const runConfined = (
  [program = '', ...args]: readonly string[],
  input: string,
  limitMs: number,
): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: '/',
      env: {},
      stdio: ['pipe', 'ignore', 'ignore'],
      timeout: limitMs,
      killSignal: 'SIGKILL',
    })
    child.once('error', reject)
    child.once('close', (code, signal) => {
      if (code === 0) resolve()
      else
        reject(
          new Error(signal === null ? `it ended with ${code}` : `it was killed after ${limitMs / 1000} s`),
        )
    })
    // One that does not read its input to the end says by its status whether it is content.
    child.stdin.on('error', () => child.stdin.destroy())
    child.stdin.end(input)
  })

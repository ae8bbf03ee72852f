import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import type { CliDeps, Output } from './deps.ts'
import { execute } from './execute.ts'
import { Failure } from './failure.ts'
import { loginsIn } from './logins.ts'
import { writeFile } from './write-file.ts'

/** What the command line needs of the machine it runs on; the parts of the service come from elsewhere. */
export function processDeps(): Pick<
  CliDeps,
  | 'env'
  | 'clock'
  | 'out'
  | 'err'
  | 'atTerminal'
  | 'sleep'
  | 'fetch'
  | 'logins'
  | 'slug'
  | 'readText'
  | 'writeFile'
  | 'execute'
  | 'interrupted'
> {
  return {
    env: process.env,
    clock: { now: () => Date.now() },
    out: outputOf(process.stdout),
    err: outputOf(process.stderr),
    atTerminal: process.stdin.isTTY === true && process.stderr.isTTY === true,
    sleep: async (ms, over) => {
      try {
        await setTimeout(ms, undefined, { signal: over })
      } catch (error) {
        if (over?.aborted !== true) throw error
      }
    },
    fetch: (...call) => fetch(...call),
    logins: loginsIn(process.env),
    slug: () => randomBytes(4).toString('hex'),
    readText,
    writeFile,
    execute,
    interrupted,
  }
}

function outputOf(stream: NodeJS.WriteStream): Output {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever reads has seen enough (`| head`); there is nobody left to tell anything.
    if (error.code === 'EPIPE') process.exit()
    throw error
  })
  return {
    write: (text) => void stream.write(text),
    isTTY: stream.isTTY === true,
    columns: stream.columns ?? 80,
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new Failure('usage', `${path} cannot be read.`, undefined, { cause })
  }
}

/** The second signal ends the process at once: whoever asks twice does not want to wait. */
function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    const signals = ['SIGINT', 'SIGTERM'] as const
    const first = () => {
      for (const signal of signals) {
        process.off(signal, first)
        process.once(signal, () => process.exit(130))
      }
      resolve()
    }
    for (const signal of signals) process.on(signal, first)
  })
}

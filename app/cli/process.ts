import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { constants } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import type { CliDeps, Output } from './deps.ts'
import { Failure } from './failure.ts'
import { privateFiles } from './private-files.ts'
import { writeFile } from './write-file.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** What the command line needs of the machine it runs on; the parts of the service come from elsewhere. */
export function processDeps(): Pick<
  CliDeps,
  | 'env'
  | 'clock'
  | 'out'
  | 'err'
  | 'sleep'
  | 'fetch'
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
    sleep: async (ms) => {
      await setTimeout(ms)
    },
    fetch: (...call) => fetch(...call),
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

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const

/**
 * The command gets our standard streams and every signal that we get, and its end is ours. What a terminal sends
 * (Ctrl-C, Ctrl-\) reaches its whole process group, the command too: then it is only kept from ending us.
 */
function execute(
  command: string,
  args: readonly string[],
  env: Environment,
  files: Readonly<Record<string, string>>,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const handlers = forwarded.map((signal) => {
      const handler = () => {
        if (!(process.stdin.isTTY === true && (signal === 'SIGINT' || signal === 'SIGQUIT')))
          child.kill(signal)
      }
      process.on(signal, handler)
      return () => process.off(signal, handler)
    })
    // After the handlers: a signal in between would end us and leave files, or the command running without us. None
    // of them runs before the command does, for signals are heard between two turns of the event loop.
    const written = privateFiles(files)
    const done = () => {
      written.remove()
      for (const remove of handlers) remove()
    }
    const child = spawn(command, [...args], { env: { ...env, ...written.paths }, stdio: 'inherit' })
    child.once('error', (cause) => {
      done()
      const missing = 'code' in cause && cause.code === 'ENOENT'
      reject(
        new Failure(
          'usage',
          missing ? `${command}: there is no such command.` : `${command} cannot be run: ${cause.message}`,
          undefined,
          { cause },
        ),
      )
    })
    child.once('exit', (code, signal) => {
      done()
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]))
    })
  })
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

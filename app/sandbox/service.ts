import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { ended, mustRun } from './run.ts'
import { until } from './until.ts'

/** A gitsudo process under the sandbox: started, watched through its log, stopped or killed. */
export type Service = {
  readonly url: string
  /** Alert lines so far, parsed. */
  readonly alerts: readonly Readonly<Record<string, unknown>>[]
  readonly child: ChildProcess
  /** Graceful: in-flight work is finished. */
  stop(): Promise<void>
  kill(): Promise<void>
}

export type Entry = { readonly command: string; readonly args: readonly string[] }

/** Makes keys, roles and tables: `gitsudo server init`. */
export const initialiseService = async (
  entry: Entry,
  config: string,
  env: NodeJS.ProcessEnv,
): Promise<void> => {
  await mustRun(entry.command, [...entry.args, 'server', 'init', '--config', config], { env })
}

/** A machine with much else to do takes its time. */
const startMs = 120_000

/** Starts `gitsudo server start` and waits until it is ready. */
export const startService = async (
  entry: Entry,
  at: {
    readonly config: string
    readonly url: string
    readonly log: string
    readonly env: NodeJS.ProcessEnv
  },
): Promise<Service> => {
  const child = spawn(entry.command, [...entry.args, 'server', 'start', '--config', at.config], {
    env: at.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // Who stops in a hurry leaves nobody behind.
  const kill = () => void child.kill('SIGKILL')
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
  const alerts: Readonly<Record<string, unknown>>[] = []
  const file = createWriteStream(at.log, { flags: 'a' })
  let last = ''
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      file.write(`${line}\n`)
      last = line
      if (line.includes('"alert":true')) alerts.push(JSON.parse(line) as Record<string, unknown>)
    })
  }
  child.once('close', () => file.end())
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    await ended(child)
  }
  const ready = until(
    `gitsudo at ${at.url} to be ready`,
    async () => {
      if (child.exitCode !== null || child.signalCode !== null) {
        throw new Error(`gitsudo ended with ${child.exitCode ?? child.signalCode}: ${last}`)
      }
      return fetch(`${at.url}/readyz`).then(
        (response) => response.ok,
        () => false,
      )
    },
    startMs,
  )
  await ready.catch(async (error: unknown) => {
    await end('SIGKILL')
    throw error
  })
  return { url: at.url, alerts, child, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') }
}

import { type ChildProcess, spawn } from 'node:child_process'

export type Ran = { readonly status: number; readonly stdout: string; readonly stderr: string }

/** Runs a command to its end. */
export const run = (
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    const text = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text.stdout += chunk
    })
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      text.stderr += chunk
    })
    child.once('error', reject)
    child.once('close', (status) => resolve({ status: status ?? 1, ...text }))
  })

/** Runs a command that has to succeed, and answers what it printed. */
export const mustRun = async (
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<string> => {
  const ran = await run(command, args, options)
  if (ran.status !== 0) {
    throw new Error(
      `${command} ${args.join(' ')} ended with ${ran.status}: ${ran.stderr.trim() || ran.stdout.trim()}`,
    )
  }
  return ran.stdout
}

/** Resolves when a process has ended, however it ended. */
export const ended = (child: ChildProcess): Promise<void> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((resolve) => child.once('exit', () => resolve()))

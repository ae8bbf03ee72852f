import { type ChildProcess, spawn } from 'node:child_process'
import { GitError } from '../reconcile/ports/git.ts'

export type Ran = { readonly code: number; readonly stdout: Buffer; readonly stderr: string }

const keptStderr = 16 * 1024

/**
 * Runs git to its end and hands over what it said, whatever its exit code. Throws `unavailable` past
 * `timeoutMs` or when git cannot be started, `too_large` past `limit` bytes of output. The whole process
 * group is killed then: a fetch is three processes.
 */
export function runGit(
  args: readonly string[],
  options: { readonly env: Record<string, string>; readonly timeoutMs: number; readonly limit?: number },
): Promise<Ran> {
  const limit = options.limit ?? 64 * 1024 * 1024
  return new Promise((resolve, reject) => {
    const child = spawn('git', args, { env: options.env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    const chunks: Buffer[] = []
    let size = 0
    let stderr = ''
    let failure: GitError | undefined

    const stop = (why: GitError) => {
      if (failure) return
      failure = why
      kill(child)
    }
    const timer = setTimeout(
      () =>
        stop(new GitError('unavailable', `git ${verb(args)} took longer than ${options.timeoutMs / 1000} s`)),
      options.timeoutMs,
    )
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > limit) stop(new GitError('too_large', `git ${verb(args)} answered more than ${limit} bytes`))
      else chunks.push(chunk)
    })
    child.stderr.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString('utf8')).slice(-keptStderr)
    })
    child.on('error', (cause) => {
      clearTimeout(timer)
      reject(new GitError('unavailable', 'git could not be started: is it installed and in PATH?', { cause }))
    })
    child.on('close', (code) => {
      clearTimeout(timer)
      if (failure) reject(failure)
      else resolve({ code: code ?? -1, stdout: Buffer.concat(chunks), stderr: stderr.trim() })
    })
  })
}

/** Kills a detached child with everything it started. */
export function kill(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch (cause) {
    // ESRCH: it ended by itself meanwhile.
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ESRCH')) throw cause
  }
}

const verb = (args: readonly string[]): string => args.find((arg) => !arg.startsWith('-')) ?? ''

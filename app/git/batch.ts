import { spawn } from 'node:child_process'
import { GitError } from '../reconcile/ports/git.ts'
import { type Answer, createAnswers } from './answers.ts'
import { kill } from './child.ts'

type Waiting = {
  readonly body: boolean
  readonly timer: NodeJS.Timeout
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: GitError) => void
}

export type Batch = {
  /** @param line one command, checked by the caller to hold no newline */
  ask(command: 'info' | 'contents', line: string): Promise<Answer>
  stop(): void
}

/**
 * A running `git cat-file --batch-command`: a question costs a pipe's round trip instead of a process. When it
 * ends, for whatever reason, every question it owes fails and `ended` is called once.
 */
export function openBatch(
  gitDir: string,
  options: { readonly env: Record<string, string>; readonly timeoutMs: number; readonly ended: () => void },
): Batch {
  const child = spawn('git', [`--git-dir=${gitDir}`, 'cat-file', '--batch-command'], {
    env: options.env,
    stdio: 'pipe',
    detached: true,
  })
  const waiting: Waiting[] = []
  let over = false
  let stderr = ''

  const end = (error: GitError) => {
    if (!over) {
      over = true
      kill(child)
      options.ended()
    }
    for (const one of waiting.splice(0)) {
      clearTimeout(one.timer)
      one.reject(error)
    }
  }
  const answered = createAnswers(
    () => waiting[0]?.body ?? false,
    (answer) => {
      const one = waiting.shift()
      clearTimeout(one?.timer)
      one?.resolve(answer)
    },
  )
  child.stdout.on('data', (chunk: Buffer) => {
    try {
      answered(chunk)
    } catch (cause) {
      end(new GitError('corrupt', 'git cat-file answered something else than it was asked', { cause }))
    }
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString('utf8')).slice(-4096)
  })
  child.on('error', (cause) =>
    end(new GitError('unavailable', 'git could not be started: is it installed and in PATH?', { cause })),
  )
  // A broken pipe is how its end shows first; what it said on the way out comes with `close`.
  child.stdin.on('error', () => kill(child))
  child.on('close', () => {
    const why = stderr.trim()
    if (/not a git repository/.test(why))
      return end(new GitError('missing', 'the mirror has not been fetched yet'))
    // It dies of objects it cannot read; a mere absence it answers.
    const damaged = /^(error|fatal):/m.test(why)
    end(new GitError(damaged ? 'corrupt' : 'unavailable', `git cat-file ended: ${why || 'it was stopped'}`))
  })
  // An idle process must not keep the service from ending; a question under way does, by its timer.
  child.unref()
  for (const stream of child.stdio)
    if (stream && 'unref' in stream && typeof stream.unref === 'function') stream.unref()

  return {
    ask: (command, line) =>
      new Promise((resolve, reject) => {
        const late = () =>
          end(new GitError('unavailable', `git cat-file did not answer within ${options.timeoutMs / 1000} s`))
        waiting.push({
          body: command === 'contents',
          resolve,
          reject,
          timer: setTimeout(late, options.timeoutMs),
        })
        child.stdin.write(`${command} ${line}\n`)
      }),
    stop: () => end(new GitError('unavailable', 'the mirror is being closed or made anew')),
  }
}

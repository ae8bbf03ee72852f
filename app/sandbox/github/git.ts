import { spawn } from 'node:child_process'

export type GitResult = { readonly code: number; readonly stdout: Buffer; readonly stderr: string }

/** Git's environment: nothing of the machine's own configuration, so that every machine gives the same answer. */
export const GIT_ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: process.env.PATH ?? '/usr/bin:/bin',
  HOME: '/nonexistent',
  LC_ALL: 'C',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
}

/** Runs git in `gitDir` to its end, whatever its status. */
export function runGit(gitDir: string, args: readonly string[], input?: Buffer | string): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', args, { cwd: gitDir, env: { ...GIT_ENVIRONMENT, GIT_DIR: gitDir } })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
    child.on('error', reject)
    child.on('close', (code) =>
      resolve({ code: code ?? -1, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString() }),
    )
    // A git that refuses early closes its input; its status and message tell why, EPIPE does not.
    child.stdin.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') reject(error)
    })
    child.stdin.end(input)
  })
}

/** Runs git and gives its output; any other status than 0 is an error with what git said. */
export async function git(gitDir: string, args: readonly string[], input?: Buffer | string): Promise<string> {
  const result = await runGit(gitDir, args, input)
  if (result.code !== 0) throw new Error(`git ${args[0]} ended with ${result.code}: ${result.stderr.trim()}`)
  return result.stdout.toString()
}

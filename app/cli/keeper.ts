import { spawn } from 'node:child_process'

/** Says lines beside a command, and sees to what it leaves. */
export type Keeper = {
  say(text: string): void
  /** There is nothing left to see to. */
  leave(): void
  /** Settles only if it cannot be. */
  readonly failed: Promise<never>
}

/**
 * A process of its own, which removes a folder once we are gone, `kill -9` included, and until then writes what we say
 * to standard error. It belongs to no terminal: no hang-up ends it, and `stty tostop` in somebody's settings stops
 * neither it nor us.
 */
export function keeperOf(folder: string): Keeper {
  const child = spawn('/bin/sh', ['-c', 'cat >&2; rm -rf -- "$1"', 'gitsudo', folder], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  child.unref()
  // If it was killed, there is nobody to write for; the folder still goes with us.
  child.stdin.on('error', () => undefined)
  return {
    say: (text) => void child.stdin.write(text),
    leave: () => void child.stdin.end(),
    failed: new Promise((_, reject) => child.once('error', reject)),
  }
}

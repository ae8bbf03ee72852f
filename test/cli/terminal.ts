import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { stripVTControlCharacters } from 'node:util'
import { until } from '../../app/sandbox/until.ts'

/** A command in a real terminal: `script` of util-linux gives it one of its own. */
export function inTerminal(argv: readonly string[], env: Readonly<Record<string, string | undefined>>) {
  const quoted = argv.map((word) => `'${word}'`).join(' ')
  const child: ChildProcess = spawn('script', ['-qefc', quoted, '/dev/null'], {
    env: { ...env, SHELL: '/bin/sh', TERM: 'xterm' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let shown = ''
  child.stdout?.on('data', (chunk) => {
    shown += String(chunk)
  })
  const ended = once(child, 'exit')
  return {
    type: (line: string) => void child.stdin?.write(`${line}\n`),
    sees: (text: RegExp) =>
      until(`${text} on the screen`, async () => text.exec(stripVTControlCharacters(shown)) ?? undefined),
    async status(): Promise<number> {
      const [code] = await ended
      return Number(code)
    },
  }
}

#!/usr/bin/env -S node --max-semi-space-size=4
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const own = join(root, 'node_modules', '.bin', 'node')
const again = process.env.GITSUDO_REEXECUTED !== undefined
delete process.env.GITSUDO_REEXECUTED

if (Number(process.versions.node.split('.')[0]) >= 24) {
  // Node does not strip types below node_modules, so the package carries dist/ and a clone app/.
  await import(existsSync(join(root, 'app', 'main.ts')) ? '../app/main.ts' : '../dist/main.js')
} else if (existsSync(own) && !again) {
  const env = { ...process.env, GITSUDO_REEXECUTED: '1' }
  const child = spawn(own, [...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
    env,
  })
  // What a terminal sends reaches the child by itself.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'])
    process.on(signal, () =>
      process.stdin.isTTY && (signal === 'SIGINT' || signal === 'SIGQUIT') ? undefined : child.kill(signal),
    )
  child.once('error', (error) => {
    console.error(`gitsudo: ${own} cannot be run: ${error.message}`)
    process.exitCode = 3
  })
  child.once('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
} else {
  console.error(
    `gitsudo: needs Node 24 or newer; this is ${process.versions.node}.\n  → install Node 24 (nodejs.org), or run npm ci in a clone`,
  )
  process.exitCode = 2
}

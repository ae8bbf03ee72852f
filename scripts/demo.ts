import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { sandboxDatabase } from '../app/compose/sandbox.ts'
import { playDemo } from '../app/sandbox/demo/play.ts'

/** `npm run demo [-- --keep] [-- --state-dir DIR]`. Ctrl-C stops everything: 130, or 0 once only --keep keeps it up. */
const { values } = parseArgs({
  options: { keep: { type: 'boolean', default: false }, 'state-dir': { type: 'string' } },
})
const root = fileURLToPath(new URL('../', import.meta.url))
const given = values['state-dir']
const dir = given === undefined ? await mkdtemp(join(tmpdir(), 'gitsudo-demo-')) : resolve(given)
let asked = false
const interrupted = new Promise<void>((done) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      asked = true
      process.once(signal, () => process.exit(130))
      done()
    })
})
let status = 1
const database = await sandboxDatabase(dir, process.env)
try {
  const played = await playDemo({
    dir: join(dir, `run-${Date.now()}`),
    template: root,
    entry: { command: process.execPath, args: [join(root, 'bin', 'gitsudo.js')] },
    adminUrl: database.adminUrl,
    write: (line) => console.log(line),
    colour: process.stdout.isTTY && !process.env.NO_COLOR,
    keep: values.keep,
    interrupted,
  })
  status = played ? 0 : 130
} catch (error) {
  // What Ctrl-C ended in the middle of a scene is no fault of the scene's.
  if (asked) status = 130
  else {
    console.error(error instanceof Error ? error.message : error)
    console.error(`What the service said is in ${dir}`)
  }
} finally {
  await database.stop()
  if (given === undefined && status !== 1) await rm(dir, { recursive: true, force: true })
}
// A scene that was left in its middle may still wait for something.
process.exit(status)

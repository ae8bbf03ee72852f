import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { sandboxDatabase } from '../app/compose/sandbox.ts'
import { playDemo } from '../app/sandbox/demo/play.ts'

/** `npm run demo [-- --keep] [-- --state-dir DIR]` */
const { values } = parseArgs({
  options: { keep: { type: 'boolean', default: false }, 'state-dir': { type: 'string' } },
})
const root = fileURLToPath(new URL('../', import.meta.url))
const given = values['state-dir']
const dir = given === undefined ? await mkdtemp(join(tmpdir(), 'gitsudo-demo-')) : resolve(given)
const interrupted = new Promise<void>((done) => {
  process.once('SIGINT', () => done())
  process.once('SIGTERM', () => done())
})
const database = await sandboxDatabase(dir, process.env)
try {
  await playDemo({
    dir: join(dir, `run-${Date.now()}`),
    template: root,
    entry: { command: process.execPath, args: [join(root, 'bin', 'gitsudo.js')] },
    adminUrl: database.adminUrl,
    write: (line) => console.log(line),
    ...(values.keep ? { keep: interrupted } : {}),
  })
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  console.error(`What the service said is in ${dir}`)
  process.exitCode = 1
} finally {
  await database.stop()
  if (given === undefined && process.exitCode === undefined) await rm(dir, { recursive: true, force: true })
}

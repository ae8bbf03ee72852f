import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Sandbox, sandboxLines } from '../sandbox/lines.ts'
import { ended } from '../sandbox/run.ts'
import { createWorld } from '../sandbox/world.ts'
import { startEmbedded } from '../store/embedded.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** A PostgreSQL that may make databases: `DATABASE_URL`'s, else an embedded one below `dir`, which ends with this process. */
export const sandboxDatabase = async (
  dir: string,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly adminUrl: string; stop(): Promise<void> }> => {
  if (env.DATABASE_URL) return { adminUrl: env.DATABASE_URL, stop: async () => undefined }
  const embedded = await startEmbedded(join(dir, 'postgres'))
  process.once('exit', embedded.kill)
  return {
    adminUrl: embedded.superuserUrl,
    async stop() {
      await embedded.stop()
      process.off('exit', embedded.kill)
    },
  }
}

/** The local GitHub with a service on it, until it is stopped (`gitsudo sandbox`); each start makes a new one. */
export const startSandbox = async (
  options: { readonly stateDir?: string },
  env: NodeJS.ProcessEnv,
): Promise<Sandbox> => {
  const dir =
    options.stateDir === undefined
      ? await mkdtemp(join(tmpdir(), 'gitsudo-sandbox-'))
      : resolve(options.stateDir)
  const started = new AsyncDisposableStack()
  try {
    if (options.stateDir === undefined) started.defer(() => rm(dir, { recursive: true, force: true }))
    const database = await sandboxDatabase(dir, env)
    started.defer(database.stop)
    const world = await createWorld({
      dir: join(dir, `run-${Date.now()}`),
      template: root,
      entry: { command: process.execPath, args: [join(root, 'bin', 'gitsudo.js')] },
      adminUrl: database.adminUrl,
      clock: { now: () => Date.now() },
      merge: 'auto',
    })
    started.defer(world.close)
    const service = await world.start()
    started.defer(service.stop)
    return {
      lines: sandboxLines(world, service.url),
      ended: ended(service.child),
      stop: () => started.disposeAsync(),
    }
  } catch (error) {
    await started.disposeAsync()
    throw error
  }
}

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Sandbox, sandboxLines } from '../sandbox/lines.ts'
import { ended } from '../sandbox/run.ts'
import { createWorld } from '../sandbox/world.ts'
import { startEmbedded } from '../store/embedded.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** A PostgreSQL that may make databases: `DATABASE_URL`'s, else an embedded one below `dir`. */
export const sandboxDatabase = async (
  dir: string,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly adminUrl: string; stop(): Promise<void> }> => {
  if (env.DATABASE_URL) return { adminUrl: env.DATABASE_URL, stop: async () => undefined }
  const embedded = await startEmbedded(join(dir, 'postgres'))
  return {
    adminUrl: embedded.superuserUrl,
    async stop() {
      await embedded.stop()
    },
  }
}

/** The local GitHub with a service on it, until it is stopped (`gitsudo sandbox`). */
export const startSandbox = async (
  options: { readonly stateDir?: string },
  env: NodeJS.ProcessEnv,
): Promise<Sandbox> => {
  const dir = options.stateDir ?? (await mkdtemp(join(tmpdir(), 'gitsudo-sandbox-')))
  const database = await sandboxDatabase(dir, env)
  const world = await createWorld({
    dir,
    template: root,
    entry: { command: process.execPath, args: [join(root, 'bin', 'gitsudo.js')] },
    adminUrl: database.adminUrl,
    clock: { now: () => Date.now() },
    merge: 'auto',
  })
  const service = await world.start()
  return {
    lines: sandboxLines(world, service.url),
    ended: ended(service.child),
    async stop() {
      await service.stop()
      await world.close()
      await database.stop()
      if (options.stateDir === undefined) await rm(dir, { recursive: true, force: true })
    },
  }
}

import { join } from 'node:path'
import type { Config } from '../config.ts'
import { startEmbedded } from '../store/embedded.ts'

export type ServedDatabase = {
  /** The app role's. */
  readonly url: string
  /** Of a role that may make roles, where this process knows one. */
  readonly adminUrl?: string
  stop(): Promise<void>
}

/** The configured database, or the embedded one below `stateDir`, started. */
export const openServed = async (config: Config): Promise<ServedDatabase> => {
  const { url, ownerUrl } = config.database
  if (url !== undefined) {
    return { url, ...(ownerUrl === undefined ? {} : { adminUrl: ownerUrl }), stop: async () => undefined }
  }
  const embedded = await startEmbedded(join(config.stateDir, 'database'))
  const app = new URL(embedded.superuserUrl)
  app.username = 'gitsudo_app'
  return { url: app.href, adminUrl: embedded.superuserUrl, stop: () => embedded.stop() }
}

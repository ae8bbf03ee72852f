import { createGit, type GitOptions } from '../../app/git/git.ts'
import type { Log } from '../../app/reconcile/ports/log.ts'
import { token } from './remote.ts'

export const lines: string[] = []
const note = (message: string) => {
  lines.push(message)
}
export const log: Log = { info: note, warn: note, error: note, alert: note }

/** A mirror of `acme/access` (id 7) below `dir`. */
export const mirrorOf = (dir: string, url: (fullName: string) => string, more: Partial<GitOptions> = {}) => {
  const time = { now: 1_700_000_000_000 }
  const git = createGit({
    dir,
    repositories: [{ id: 7, fullName: 'acme/access', branch: 'main' }],
    gitUrl: url,
    token: async () => token,
    clock: { now: () => time.now },
    log,
    ...more,
  })
  return { git, time, mirror: git.mirror(7), [Symbol.dispose]: () => git.close() }
}

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import type { UserToken } from './device-flow.ts'
import { Failure } from './failure.ts'

const schema = z.record(z.string(), z.object({ token: z.string(), expires_at: z.iso.datetime().optional() }))
type Kept = z.output<typeof schema>

/** Tokens by the service that each is for, in a file that only its owner may read: none is sent to another service. */
export type Logins = {
  readonly file: string
  /** undefined: nobody signed in there. Throws `Failure` where the file cannot be read. */
  of(server: string): UserToken | undefined
  /** Keeps a sign-in in the place of the last one at that service. */
  keep(server: string, login: UserToken): void
}

/** In `$XDG_CONFIG_HOME/gitsudo/logins.json`, else below `~/.config`. */
export const loginsIn = (env: Readonly<Record<string, string | undefined>>): Logins => {
  const file = join(env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'gitsudo', 'logins.json')
  const kept = (): Kept => {
    try {
      return schema.parse(JSON.parse(readFileSync(file, 'utf8')))
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return {}
      throw new Failure('usage', `${file} cannot be read.`, 'remove it, and run gitsudo login', { cause })
    }
  }
  return {
    file,
    of(server) {
      const all = kept()
      const one = Object.hasOwn(all, server) ? all[server] : undefined
      if (one === undefined) return undefined
      const { token, expires_at: end } = one
      return { token, ...(end === undefined ? {} : { expiresAt: Date.parse(end) }) }
    },
    keep(server, { token, expiresAt }) {
      const end = expiresAt === undefined ? {} : { expires_at: new Date(expiresAt).toISOString() }
      const text = `${JSON.stringify({ ...kept(), [server]: { token, ...end } }, null, 2)}\n`
      const unfinished = `${file}.${process.pid}.unfinished`
      try {
        mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
        writeFileSync(unfinished, text, { flag: 'wx', mode: 0o600 })
        renameSync(unfinished, file)
      } catch (cause) {
        rmSync(unfinished, { force: true })
        throw new Failure(
          'usage',
          `${file} cannot be written.`,
          'set XDG_CONFIG_HOME to a folder of yours, or use gitsudo login --print',
          { cause },
        )
      }
    },
  }
}

import { hash } from 'node:crypto'
import { GitError, type Sha } from '../reconcile/ports/git.ts'
import type { ObjectInfo, ObjectType } from './answers.ts'
import { type Batch, openBatch } from './batch.ts'
import { requireSha } from './sha.ts'

/** The mirror's own name for the configured branch's tip. */
export const tipRef = 'refs/gitsudo/branch'

/** Objects of one mirror by id. Only validated ids reach the process behind it: its commands are lines. */
export type Objects = {
  /** undefined: not in the mirror. */
  info(sha: Sha): Promise<ObjectInfo | undefined>
  /** What `tipRef` points at. */
  tip(): Promise<ObjectInfo | undefined>
  /** Its bytes, hashed and compared with its id. Throws `missing`, `corrupt`, or `too_large` past `limit`. */
  contents(sha: Sha, type: ObjectType, limit: number): Promise<Buffer>
  /** Ends the process; the next question starts another. */
  stop(): void
}

/** Contents kept in memory, for each look walks the same commits and trees. */
const mostKept = 4 * 1024 * 1024
const largestKept = 64 * 1024
/** Besides the bytes themselves. */
const entrySize = 300

export function createObjects(
  gitDir: string,
  options: { readonly env: Record<string, string>; readonly timeoutMs: number },
): Objects {
  let open: Batch | undefined

  const batch = (): Batch => {
    if (open) return open
    const ended = () => {
      if (open === opened) open = undefined
    }
    const opened = openBatch(gitDir, { ...options, ended })
    open = opened
    return opened
  }
  const kept = new Map<Sha, { readonly type: ObjectType; readonly body: Buffer }>()
  let size = 0
  const keep = (sha: Sha, type: ObjectType, body: Buffer) => {
    if (body.length > largestKept || kept.has(sha)) return
    // Its own bytes: as a part of something larger it would keep all of that.
    const own = Buffer.allocUnsafeSlow(body.length)
    body.copy(own)
    kept.set(sha, { type, body: own })
    size += entrySize + body.length
    for (const [oldest, { body: old }] of kept) {
      if (size <= mostKept) break
      kept.delete(oldest)
      size -= entrySize + old.length
    }
  }
  const info = async (sha: Sha) => (await batch().ask('info', requireSha(sha)))?.info

  return {
    info,
    tip: async () => (await batch().ask('info', tipRef))?.info,
    async contents(sha, type, limit) {
      const before = kept.get(sha)
      if (before?.type === type && before.body.length <= limit) {
        // The last asked for goes last.
        kept.delete(sha)
        kept.set(sha, before)
        return before.body
      }
      const known = await info(sha)
      if (!known) throw new GitError('missing', `${type} ${sha} is not in the mirror`)
      if (known.type !== type) throw new GitError('missing', `${sha} is a ${known.type}, not a ${type}`)
      if (known.size > limit)
        throw new GitError('too_large', `${type} ${sha} has ${known.size} bytes; at most ${limit} are read`)
      const body = (await batch().ask('contents', sha))?.body
      // cat-file does not hash what it reads from disk, and the disk is nobody's authority.
      if (!body || hash('sha1', Buffer.concat([Buffer.from(`${type} ${body.length}\0`), body])) !== sha) {
        throw new GitError('corrupt', `${type} ${sha} does not have its id's content in the mirror`)
      }
      keep(sha, type, body)
      return body
    },
    stop() {
      kept.clear()
      size = 0
      open?.stop()
    },
  }
}

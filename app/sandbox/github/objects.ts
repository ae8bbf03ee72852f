import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { hash, randomUUID } from 'node:crypto'
import { access, mkdir, rename, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { deflate } from 'node:zlib'
import { GIT_ENVIRONMENT } from './git.ts'

export type ObjectType = 'blob' | 'tree' | 'commit' | 'tag'
export type GitObject = { readonly type: ObjectType; readonly body: Buffer }

/** Objects of one bare repository, read through one long-lived `cat-file` and written as loose files. */
export type ObjectStore = {
  /** The object, or null where there is none of that id. */
  read(id: string): Promise<GitObject | null>
  /** Stores the object and gives its id. */
  write(type: ObjectType, body: Buffer): Promise<string>
  /** Ends the reading process. */
  close(): Promise<void>
}

/** An id names its bytes for ever: small ones are kept in memory, the oldest of them leave. */
const mostKept = { objects: 4096, bytes: 16_384 }
const OBJECT_ID = /^[0-9a-f]{40}$/
const compress = promisify(deflate)

/** Opens the objects of the bare repository at `gitDir`. */
export function openObjects(gitDir: string): ObjectStore {
  let reader: ReturnType<typeof startReader> | undefined
  const kept = new Map<string, GitObject>()
  const keep = (id: string, object: GitObject) => {
    if (object.body.length > mostKept.bytes) return
    kept.set(id, object)
    const [oldest] = kept.size > mostKept.objects ? kept.keys() : []
    if (oldest !== undefined) kept.delete(oldest)
  }
  return {
    read: async (id) => {
      const known = kept.get(id)
      if (known) return known
      // Anything else than an object id could carry a newline, and with it a second question.
      if (!OBJECT_ID.test(id)) return null
      reader ??= startReader(gitDir, () => {
        reader = undefined
      })
      const object = await reader.ask(id)
      if (object) keep(id, object)
      return object
    },
    write: async (type, body) => {
      const content = Buffer.concat([Buffer.from(`${type} ${body.length}\0`), body])
      const id = hash('sha1', content)
      const folder = `${gitDir}/objects/${id.slice(0, 2)}`
      const path = `${folder}/${id.slice(2)}`
      if (await exists(path)) return id
      await mkdir(folder, { recursive: true })
      const temporary = `${folder}/tmp_obj_${randomUUID()}`
      await writeFile(temporary, await compress(content), { mode: 0o444 })
      await rename(temporary, path)
      keep(id, { type, body })
      return id
    },
    close: async () => {
      await reader?.stop()
    },
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch {
    return false
  }
}

function startReader(gitDir: string, gone: () => void) {
  const child: ChildProcessWithoutNullStreams = spawn('git', ['cat-file', '--batch'], {
    cwd: gitDir,
    env: { ...GIT_ENVIRONMENT, GIT_DIR: gitDir },
  })
  const waiting: { answer(object: GitObject | null): void; fail(error: Error): void }[] = []
  let buffered: Buffer = Buffer.alloc(0)
  const closed = new Promise<void>((resolve) => {
    child.on('close', () => {
      gone()
      for (const question of waiting.splice(0)) question.fail(new Error('git cat-file ended'))
      resolve()
    })
  })
  child.on('error', (error) => {
    for (const question of waiting.splice(0)) question.fail(error)
  })
  child.stdin.on('error', () => child.kill())
  child.stderr.resume()
  child.stdout.on('data', (chunk: Buffer) => {
    buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk])
    for (;;) {
      const lineEnd = buffered.indexOf(10)
      if (lineEnd < 0) return
      const [, type, size] = buffered.toString('latin1', 0, lineEnd).split(' ')
      if (size === undefined) {
        buffered = buffered.subarray(lineEnd + 1)
        waiting.shift()?.answer(null)
        continue
      }
      const end = lineEnd + 1 + Number(size)
      if (buffered.length < end + 1) return
      const body = Buffer.from(buffered.subarray(lineEnd + 1, end))
      buffered = buffered.subarray(end + 1)
      waiting.shift()?.answer({ type: type as ObjectType, body })
    }
  })
  return {
    ask: (id: string) =>
      new Promise<GitObject | null>((answer, fail) => {
        waiting.push({ answer, fail })
        child.stdin.write(`${id}\n`)
      }),
    stop: () => {
      child.stdin.end()
      return closed
    },
  }
}

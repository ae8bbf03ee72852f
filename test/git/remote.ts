import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const token = 'ghs_onlyInTheEnvironment0123456789'
const authorization = `Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`

/** A folder that goes when the test does. */
export const folder = () => {
  const path = mkdtempSync(join(tmpdir(), 'gitsudo-git-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

const env = {
  PATH: process.env.PATH ?? '',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_AUTHOR_NAME: 'Alice',
  GIT_AUTHOR_EMAIL: 'alice@acme.example',
  GIT_AUTHOR_DATE: '1700000000 +0000',
  GIT_COMMITTER_NAME: 'Bob',
  GIT_COMMITTER_EMAIL: 'bob@acme.example',
  GIT_COMMITTER_DATE: '1700000001 +0000',
}

type Entry = { readonly mode?: string; readonly sha?: string; readonly text?: string | Buffer }

/** A real bare repository, written with plumbing so that it can hold what no work tree would. */
export const repository = (root: string, name = 'acme/access.git') => {
  const dir = join(root, name)
  const git = (args: readonly string[], input: string | Buffer = '') =>
    execFileSync('git', [`--git-dir=${dir}`, ...args], { env, input, maxBuffer: 1e9, stdio: 'pipe' })
      .toString()
      .trim()
  execFileSync('git', ['init', '--quiet', '--bare', '--initial-branch=main', dir], { env })
  git(['config', 'http.receivepack', 'true'])

  const blob = (text: string | Buffer) => git(['hash-object', '-w', '--stdin'], text)
  const tree = (entries: Readonly<Record<string, Entry | string>>): string => {
    const folders = new Map<string, Record<string, Entry | string>>()
    const lines: string[] = []
    for (const [path, value] of Object.entries(entries)) {
      const slash = path.indexOf('/')
      if (slash >= 0) {
        const inner = folders.get(path.slice(0, slash)) ?? {}
        inner[path.slice(slash + 1)] = value
        folders.set(path.slice(0, slash), inner)
        continue
      }
      const { mode = '100644', sha, text = '' } = typeof value === 'string' ? { text: value } : value
      const type = mode === '160000' ? 'commit' : mode === '040000' ? 'tree' : 'blob'
      lines.push(`${mode} ${type} ${sha ?? blob(text)}\t${path}\0`)
    }
    for (const [name, inner] of folders) lines.push(`040000 tree ${tree(inner)}\t${name}\0`)
    return git(['mktree', '-z', '--missing'], lines.join(''))
  }
  const commitTree = (treeSha: string, parents: readonly string[] = [], message = 'change') =>
    git(['commit-tree', treeSha, ...parents.flatMap((parent) => ['-p', parent])], message)
  const commit = (
    entries: Readonly<Record<string, Entry | string>>,
    parents: readonly string[] = [],
    message?: string,
  ) => commitTree(tree(entries), parents, message)
  /** A tree that names itself over and over: a trillion files in a few hundred bytes. */
  const bomb = (): Entry => {
    let level = blob('boom')
    let mode = '100644 blob'
    for (let depth = 0; depth < 12; depth += 1) {
      const names = Array.from({ length: 10 }, (_, i) => `${mode} ${level}\t${i}\0`)
      level = git(['mktree', '-z'], names.join(''))
      mode = '040000 tree'
    }
    return { mode: '040000', sha: level }
  }
  /** So many commits in a row that change nothing, the oldest first. */
  const line = (from: string, count: number): readonly string[] => {
    const by = `committer ${env.GIT_COMMITTER_NAME} <${env.GIT_COMMITTER_EMAIL}> ${env.GIT_COMMITTER_DATE}`
    const steps = Array.from({ length: count }, (_, step) => {
      const message = `change ${step}`
      const parent = step === 0 ? `from ${from}\n` : ''
      return `commit refs/line\n${by}\ndata ${message.length}\n${message}\n${parent}\n`
    })
    git(['fast-import', '--quiet', '--force'], steps.join(''))
    return git(['rev-list', '--reverse', `${from}..refs/line`]).split('\n')
  }
  const branch = (sha: string, name = 'main') => git(['update-ref', `refs/heads/${name}`, sha])
  return { dir, git, blob, tree, bomb, commitTree, commit, line, branch }
}

/** Serves the repositories below `root` by `git http-backend`, to whoever brings the token. */
export const serve = async (root: string) => {
  const seen = { fetches: 0, refused: 0 }
  let answer: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined
  const server = createServer((request, response) => {
    if (answer?.(request, response)) return
    if (request.headers.authorization !== authorization) {
      seen.refused += 1
      response.writeHead(401, { 'www-authenticate': 'Basic realm="GitHub"' }).end()
      return
    }
    const url = new URL(request.url ?? '/', 'http://local')
    if (url.pathname.endsWith('/info/refs')) seen.fetches += 1
    const backend = spawn('git', ['http-backend'], {
      env: {
        ...env,
        GIT_PROJECT_ROOT: root,
        GIT_HTTP_EXPORT_ALL: '1',
        GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
        HTTP_CONTENT_ENCODING: String(request.headers['content-encoding'] ?? ''),
        REMOTE_USER: 'app',
        REQUEST_METHOD: request.method ?? 'GET',
        PATH_INFO: url.pathname,
        QUERY_STRING: url.search.slice(1),
        CONTENT_TYPE: String(request.headers['content-type'] ?? ''),
      },
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    request.pipe(backend.stdin)
    const chunks: Buffer[] = []
    backend.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    backend.on('close', () => {
      const all = Buffer.concat(chunks)
      const end = all.indexOf('\r\n\r\n')
      for (const line of all.toString('latin1', 0, end).split('\r\n')) {
        const [name = '', value = ''] = line.split(/: (.*)/s)
        if (name === 'Status') response.statusCode = Number.parseInt(value, 10)
        else response.setHeader(name, value)
      }
      response.end(all.subarray(end + 4))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    seen,
    url: (fullName: string) => `http://127.0.0.1:${port}/${fullName}.git`,
    /** Lets `handle` answer instead; true when it did. */
    instead: (handle: typeof answer) => {
      answer = handle
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

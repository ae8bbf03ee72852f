import { spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { gunzipSync } from 'node:zlib'
import { allow, mayAccess, need } from './access.ts'
import { type Actor, accountActing, authenticate } from './actor.ts'
import { pushRefusal } from './change/protection.ts'
import { refMoved } from './change/ref.ts'
import { GitHubError } from './errors.ts'
import { GIT_ENVIRONMENT, git } from './git.ts'
import { repositoryPage } from './shapes/repository.ts'
import type { Repository } from './state/repository.ts'
import { accountOf, findRepository, formerRepository, fullName, type World } from './state/world.ts'

const NOTHING = '0'.repeat(40)

/**
 * Refuses refs of protected branches. What to refuse comes in GITHUB_REFUSED (`<ref> <reason>` a line) and
 * GITHUB_NO_FORCE (refs that must only grow): only git has the new commits at this point.
 */
const UPDATE_HOOK = `#!/bin/sh
refuse() {
  echo "error: GH006: Protected branch update failed for $1." >&2
  echo "error: $2" >&2
  exit 1
}
reason=$(printf '%s\\n' "$GITHUB_REFUSED" | while read -r ref why; do
  if [ "$ref" = "$1" ]; then echo "$why"; break; fi
done)
if [ -n "$reason" ]; then refuse "$1" "$reason"; fi
for ref in $GITHUB_NO_FORCE; do
  if [ "$ref" = "$1" ] && [ "$2" != "${NOTHING}" ] && ! git merge-base --is-ancestor "$2" "$3"; then
    refuse "$1" "Cannot force-push to this branch"
  fi
done
`

/** Writes the hooks that pushes run; once, at start. */
export async function writeHooks(dir: string): Promise<void> {
  await mkdir(`${dir}/hooks`, { recursive: true })
  await writeFile(`${dir}/hooks/update`, UPDATE_HOOK, { mode: 0o755 })
}

export type GitRequest = {
  readonly owner: string
  readonly name: string
  readonly file: 'info/refs' | 'git-upload-pack' | 'git-receive-pack'
  readonly query: string
}

/** Reads the address of a Git request, or null when it is not one. */
export function gitRequest(url: string): GitRequest | null {
  const match =
    /^\/([^/?]+)\/([^/?]+?)(?:\.git)?\/(info\/refs|git-upload-pack|git-receive-pack)(?:\?(.*))?$/.exec(url)
  if (!match) return null
  const [, owner = '', name = '', file, query = ''] = match
  return {
    owner: decodeURIComponent(owner),
    name: decodeURIComponent(name),
    file: file as GitRequest['file'],
    query,
  }
}

/** Answers one request of Git's smart HTTP protocol. */
export async function serveGit(
  world: World,
  asked: GitRequest,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const pushing = asked.file === 'git-receive-pack' || asked.query.includes('service=git-receive-pack')
  try {
    const actor = authenticate(world, request.headers.authorization)
    const repository = permitted(world, actor, asked, pushing)
    if (asked.file === 'info/refs') world.counters.git(pushing ? 'push' : 'fetch')
    if (asked.file !== 'git-receive-pack') {
      await backend(world, repository, asked, request, actor, request, response, {})
      return
    }
    const body = await readAll(request)
    await repository.exclusively(() => receive(world, repository, asked, request, actor, body, response))
  } catch (error) {
    if (!(error instanceof GitHubError)) throw error
    const headers = error.status === 401 ? { 'www-authenticate': 'Basic realm="GitHub"' } : {}
    response.writeHead(error.status, {
      'content-type': 'text/plain; charset=utf-8',
      ...headers,
      ...error.headers,
    })
    response.end(`${error.message}\n`)
  }
}

function permitted(world: World, actor: Actor, asked: GitRequest, pushing: boolean): Repository {
  const repository = findRepository(world, asked.owner, asked.name)
  const former = formerRepository(world, asked.owner, asked.name)
  const absent = new GitHubError(actor.kind === 'anonymous' ? 401 : 404, 'Repository not found.')
  if (former && mayAccess(world, actor, former, need('contents', 'read'))) throw movedTo(world, former, asked)
  if (!repository || !mayAccess(world, actor, repository, need('contents', 'read'))) throw absent
  if (!pushing) return repository
  try {
    allow(world, actor, repository, need('contents', 'write'))
  } catch (cause) {
    if (actor.kind === 'anonymous') throw absent
    const { login } = accountActing(world, actor)
    const denied = `Permission to ${fullName(world, repository)}.git denied to ${login}.`
    throw Object.assign(new GitHubError(403, denied), { cause })
  }
  return repository
}

/** Git follows this in what it asks first only, and then stays there. */
function movedTo(world: World, repository: Repository, { file, query }: GitRequest): GitHubError {
  const location = `${repositoryPage(world, repository)}.git/${file}${query === '' ? '' : `?${query}`}`
  return new GitHubError(301, 'Moved Permanently', undefined, { location })
}

type Command = { readonly before: string; readonly after: string; readonly ref: string }

async function receive(
  world: World,
  repository: Repository,
  asked: GitRequest,
  request: IncomingMessage,
  actor: Actor,
  body: Buffer,
  response: ServerResponse,
): Promise<void> {
  const actorId = accountActing(world, actor).id
  const commands = parseCommands(request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body)
  const refused: string[] = []
  const noForce: string[] = []
  for (const { ref, after } of commands) {
    if (!ref.startsWith('refs/heads/')) continue
    const branch = ref.slice('refs/heads/'.length)
    const verdict = pushRefusal(world, repository, branch, actorId, after === NOTHING ? null : after)
    if (verdict.message !== null) refused.push(`${ref} ${verdict.message}`)
    if (verdict.noForce) noForce.push(ref)
  }
  const guarded = refused.length > 0 || noForce.length > 0
  const environment = {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'core.hooksPath',
    GIT_CONFIG_VALUE_0: guarded ? `${world.dir}/hooks` : '/dev/null',
    GITHUB_REFUSED: refused.join('\n'),
    GITHUB_NO_FORCE: noForce.join(' '),
  }
  const answered = await backend(world, repository, asked, request, actor, body, null, environment)
  await noticePush(world, repository, commands, actorId)
  response.writeHead(answered.status, answered.headers)
  response.end(answered.body)
}

/** Compares the pushed refs with what is known, and does what follows, before Git hears the answer. */
async function noticePush(
  world: World,
  repository: Repository,
  commands: Command[],
  actorId: number,
): Promise<void> {
  if (commands.length === 0) return
  const out = await git(repository.gitDir, ['for-each-ref', '--format=%(objectname) %(refname)'])
  const now = new Map(out.split('\n').map((line) => [line.slice(41), line.slice(0, 40)]))
  for (const { ref } of commands) {
    const before = repository.refs.get(ref) ?? null
    const after = now.get(ref) ?? null
    if (before !== after) await refMoved(world, repository, { ref, before, after, actorId })
  }
}

/** The commands at the head of a push, in pkt-lines (https://git-scm.com/docs/gitprotocol-pack). */
function parseCommands(body: Buffer): Command[] {
  const commands: Command[] = []
  for (let at = 0; at + 4 <= body.length; ) {
    const length = Number.parseInt(body.toString('latin1', at, at + 4), 16)
    if (!(length >= 4)) break
    const line = body.toString('utf8', at + 4, at + length).split('\0')[0] ?? ''
    const match = /^([0-9a-f]{40}) ([0-9a-f]{40}) (\S+)/.exec(line)
    if (match) commands.push({ before: match[1] ?? '', after: match[2] ?? '', ref: match[3] ?? '' })
    at += length
  }
  return commands
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}

type Answered = { status: number; headers: Record<string, string>; body: Buffer }

/** Runs `git http-backend` as CGI. With a `response` the answer streams there, else it is collected. */
function backend(
  world: World,
  repository: Repository,
  asked: GitRequest,
  request: IncomingMessage,
  actor: Actor,
  input: Buffer | IncomingMessage,
  response: ServerResponse | null,
  extra: Record<string, string>,
): Promise<Answered> {
  const header = (name: string) => String(request.headers[name] ?? '')
  const length = Buffer.isBuffer(input) ? String(input.length) : header('content-length')
  const child = spawn('git', ['http-backend'], {
    env: {
      ...GIT_ENVIRONMENT,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_PROJECT_ROOT: `${world.dir}/repositories`,
      PATH_INFO: `/${repository.id}.git/${asked.file}`,
      QUERY_STRING: asked.query,
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: header('content-type'),
      ...(length === '' ? {} : { CONTENT_LENGTH: length }),
      HTTP_CONTENT_ENCODING: header('content-encoding'),
      GIT_PROTOCOL: header('git-protocol'),
      REMOTE_ADDR: request.socket.remoteAddress ?? '',
      REMOTE_USER: actor.kind === 'anonymous' ? '' : accountOf(world, accountActing(world, actor).id).login,
      ...extra,
    },
  })
  child.stderr.resume()
  child.stdin.on('error', () => child.stdin.destroy())
  if (Buffer.isBuffer(input)) child.stdin.end(input)
  else input.pipe(child.stdin)
  response?.on('close', () => child.kill())
  return new Promise((resolve, reject) => {
    let head: Buffer = Buffer.alloc(0)
    let answered: Omit<Answered, 'body'> | null = null
    const chunks: Buffer[] = []
    child.on('error', reject)
    child.stdout.on('data', (chunk: Buffer) => {
      let rest = chunk
      if (!answered) {
        head = Buffer.concat([head, chunk])
        const end = head.indexOf('\r\n\r\n')
        if (end < 0) return
        answered = parseHead(head.toString('latin1', 0, end))
        response?.writeHead(answered.status, answered.headers)
        rest = head.subarray(end + 4)
      }
      if (!response) chunks.push(rest)
      else if (!response.write(rest)) {
        child.stdout.pause()
        response.once('drain', () => child.stdout.resume())
      }
    })
    child.on('close', (code) => {
      const whole = { ...(answered ?? { status: 500, headers: {} }), body: Buffer.concat(chunks) }
      if (!answered) {
        reject(new Error(`git http-backend ended with ${code} before it answered`))
        return
      }
      response?.end()
      resolve(whole)
    })
  })
}

function parseHead(text: string): Omit<Answered, 'body'> {
  const headers: Record<string, string> = {}
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':')
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
  }
  const { status = '200', ...rest } = headers
  return { status: Number.parseInt(status, 10), headers: rest }
}

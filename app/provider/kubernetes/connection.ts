import { readFile } from 'node:fs/promises'
import { request as plain } from 'node:http'
import { Agent, request } from 'node:https'

/** A text, or the file that holds it, read anew for each call: what rotates is found there. */
type Held = { readonly text: string } | { readonly file: string }

/** How gitsudo reaches one cluster and who it is there. `server` has no trailing slash. */
export type Connection = {
  readonly server: string
  /** What the server's certificate is made out to, where that is not the address. */
  readonly serverName?: string
  readonly ca?: Held
  readonly token?: Held
  readonly certificate?: Held
  readonly key?: Held
}

export type Answer = {
  readonly status: number
  readonly retryAfter: string | undefined
  readonly text: string
}

/** Longer than this an idle connection is not kept: load balancers cut it after a minute. */
const idleMs = 30_000

/**
 * Sends to one API server over connections that are kept. `@kubernetes/client-node` would do it for 84 MB and half a
 * second, with a new connection for each call.
 */
export const createSend = (connection: Connection) => {
  let kept: { readonly of: string; readonly agent: Agent } | undefined
  const agentFor = async (): Promise<Agent> => {
    const [ca, cert, key] = await Promise.all(
      [connection.ca, connection.certificate, connection.key].map(read),
    )
    const of = JSON.stringify([ca, cert, key])
    if (kept?.of === of) return kept.agent
    const { serverName: servername } = connection
    const agent = new Agent({
      keepAlive: true,
      timeout: idleMs,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(servername === undefined ? {} : { servername }),
    })
    kept = { of, agent }
    return agent
  }

  return async (method: string, path: string, body: unknown, signal: AbortSignal): Promise<Answer> => {
    const url = new URL(`${connection.server}${path}`)
    const token = (await read(connection.token))?.trim()
    const text = body === undefined ? undefined : JSON.stringify(body)
    const headers = {
      accept: 'application/json',
      'user-agent': 'gitsudo',
      // Node frames no body of a DELETE by itself.
      ...(text === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    }
    const secure = url.protocol === 'https:'
    const agent = secure ? { agent: await agentFor() } : {}
    signal.throwIfAborted()
    return new Promise((resolve, reject) => {
      const sent = (secure ? request : plain)(url, { method, headers, signal, ...agent }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            retryAfter: response.headers['retry-after'],
            text: Buffer.concat(chunks).toString('utf8'),
          }),
        )
      })
      sent.on('error', reject)
      sent.end(text)
    })
  }
}

/** @throws as `readFile` does */
export const read = async (held: Held | undefined): Promise<string | undefined> =>
  held === undefined ? undefined : 'text' in held ? held.text : readFile(held.file, 'utf8')

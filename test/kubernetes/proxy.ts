import { createServer, type IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { createFaults } from '../../app/sandbox/clouds/faults.ts'

type Answer = { readonly status: number; readonly text: string }

const refusals = {
  throttled: { code: 429, reason: 'TooManyRequests' },
  unavailable: { code: 503, reason: 'ServiceUnavailable' },
  conflict: { code: 409, reason: 'Conflict' },
  expired: { code: 401, reason: 'Unauthorized' },
} as const

/** Stands before a real API server and does to its answers what networks and busy servers do. */
export const startProxy = async (server: string, ca: string, lag: { now(): number; readonly ms: number }) => {
  const faults = createFaults()
  const agent = new Agent({ ca, keepAlive: true, maxSockets: 64 })
  /** What each object was before its last write through here. */
  const before = new Map<string, { readonly answer: Answer; readonly at: number }>()
  const now = new Map<string, Answer>()
  let writes = 0

  const forward = (incoming: IncomingMessage, body: Buffer): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const { authorization = '', 'content-type': type } = incoming.headers
      const headers = { authorization, ...(type === undefined ? {} : { 'content-type': type }) }
      const sent = request(
        `${server}${incoming.url}`,
        { method: incoming.method, headers, agent },
        (response) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.on('error', reject)
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
          )
        },
      )
      sent.on('error', reject)
      sent.end(body)
    })

  const keep = (incoming: IncomingMessage, answer: Answer): void => {
    if (incoming.method === 'GET' || answer.status >= 300) return
    writes++
    const [path = ''] = (incoming.url ?? '').split('?')
    const { metadata } = JSON.parse(answer.text) as { readonly metadata?: { readonly name?: string } }
    const object = incoming.method === 'POST' ? `${path}/${metadata?.name}` : path
    before.set(object, { answer: now.get(object) ?? absent(object), at: lag.now() })
    now.set(object, incoming.method === 'DELETE' ? absent(object) : answer)
  }

  const proxy = createServer((incoming, outgoing) => {
    const send = ({ status, text }: Answer) =>
      outgoing
        .writeHead(status, {
          'content-type': 'application/json',
          ...(status === 429 ? { 'retry-after': '1' } : {}),
        })
        .end(text)
    const serve = async (): Promise<void> => {
      const chunks: Buffer[] = []
      for await (const chunk of incoming) chunks.push(chunk as Buffer)
      const fault = faults.meet(incoming.method ?? 'GET')
      if (fault === 'hang') return
      if (fault !== undefined && fault in refusals) {
        const { code, reason } = refusals[fault as keyof typeof refusals]
        send({ status: code, text: JSON.stringify({ kind: 'Status', code, reason, message: reason }) })
        return
      }
      if (fault === 'stale' && incoming.method === 'GET') {
        const last = before.get(incoming.url ?? '')
        if (last !== undefined && lag.now() < last.at + lag.ms) return void send(last.answer)
      }
      const answer = await forward(incoming, Buffer.concat(chunks))
      keep(incoming, answer)
      if (fault === 'reset') incoming.socket.resetAndDestroy()
      else send(answer)
    }
    serve().catch((error: unknown) => send({ status: 502, text: String(error) }))
  })
  await new Promise<void>((ready) => proxy.listen(0, '127.0.0.1', ready))
  const address = proxy.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    faults,
    writes: () => writes,
    close: (): Promise<void> =>
      new Promise((done) => {
        agent.destroy()
        proxy.close(() => done())
        proxy.closeAllConnections()
      }),
  }
}

const absent = (path: string): Answer => ({
  status: 404,
  text: JSON.stringify({
    kind: 'Status',
    code: 404,
    reason: 'NotFound',
    message: 'not found',
    details: { name: path.split('/').at(-1) },
  }),
})

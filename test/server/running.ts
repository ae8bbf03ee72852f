import { onTestFinished } from 'vitest'
import type { ServerDeps } from '../../app/server/deps.ts'
import { world } from './world.ts'

/** A server on a port of its own until the test is over, and calls to it as one person or another. */
export async function start(over: Partial<ServerDeps> = {}) {
  const { server, ...rest } = world(over)
  onTestFinished(() => server.stop())
  const address = await server.listen({ host: '127.0.0.1', port: 0 })
  const call = async (method: string, path: string, who?: string, body?: unknown) => {
    const response = await fetch(`${address}${path}`, {
      method,
      headers: {
        ...(who === undefined ? {} : { authorization: `Bearer token-${who}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : undefined,
    }
  }
  return { address, call, server, ...rest }
}

import { describe, expect, it } from 'vitest'
import { start } from './running.ts'

describe('trouble', () => {
  it('of ours shows nothing of its cause, and is logged with the same id', async () => {
    const { call, lines } = await start({
      status: async () => {
        throw new Error('relation "requests" does not exist')
      },
    })
    const answer = await call('GET', '/api/v1/requests', 'alice')
    expect(answer.status).toBe(500)
    expect(answer.text).not.toContain('relation')
    expect(lines.find(({ level }) => level === 'error')?.fields).toMatchObject({
      request_id: answer.json.instance,
    })
  })

  it('no such path, no such method, no JSON', async () => {
    const { call, address } = await start()
    expect((await call('GET', '/api/v2/requests')).status).toBe(404)
    expect((await call('DELETE', '/api/v1/requests')).status).toBe(404)
    const post = (body: string, type: string) =>
      fetch(`${address}/api/v1/policies/eval`, {
        method: 'POST',
        headers: { authorization: 'Bearer token-alice', 'content-type': type },
        body,
      })
    expect((await post('{', 'application/json')).status).toBe(400)
    expect((await post('a', 'text/plain')).status).toBe(415)
  })

  it('stopping finishes what is in flight and takes no more', async () => {
    const gate = Promise.withResolvers<void>()
    const entered = Promise.withResolvers<void>()
    const { call, server } = await start({
      policies: async () => {
        entered.resolve()
        await gate.promise
        return []
      },
    })
    const answer = call('GET', '/api/v1/policies', 'alice')
    await entered.promise
    let stopped = false
    const stop = server.stop().then(() => {
      stopped = true
    })
    await expect(call('GET', '/healthz')).rejects.toThrow()
    expect(stopped).toBe(false)
    gate.resolve()
    expect((await answer).status).toBe(200)
    await stop
  })
})

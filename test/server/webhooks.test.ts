import { connect } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { start } from './running.ts'

describe('webhooks', () => {
  const deliver = (
    address: string,
    body: string | Uint8Array<ArrayBuffer>,
    signature = 'good',
    type = 'application/json',
  ) =>
    fetch(`${address}/webhooks/github`, {
      method: 'POST',
      headers: { 'x-hub-signature-256': signature, 'x-github-delivery': 'g-1', 'content-type': type },
      body,
    })

  it('reach the intake byte for byte, whatever type they claim', async () => {
    const { address, told } = await start()
    for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded', 'nonsense/x'])
      expect((await deliver(address, '{"a": 1 }\n', 'good', type)).status).toBe(202)
    expect(told).toEqual(Array(4).fill(['intake', 'g-1', '{"a": 1 }\n']))
  })

  it('answer what the intake answers', async () => {
    const { address } = await start()
    const answer = await deliver(address, '{}', 'bad')
    expect([answer.status, await answer.json()]).toEqual([401, { status: 'bad signature' }])
  })

  it('are refused over 25 MiB, before anything is stored', async () => {
    const { address, told } = await start()
    expect((await deliver(address, new Uint8Array(25 * 1024 * 1024))).status).toBe(202)
    const answer = await deliver(address, new Uint8Array(25 * 1024 * 1024 + 1))
    expect([answer.status, answer.headers.get('content-type'), await answer.json()]).toEqual([
      413,
      'application/problem+json; charset=utf-8',
      expect.objectContaining({ title: 'too large' }),
    ])
    expect(told).toHaveLength(1)
  })

  it('get 503 while the database is away, so that GitHub records a failure', async () => {
    const { address, lines } = await start({
      intake: async () => {
        throw Object.assign(new Error('connection refused'), { code: 'unavailable' })
      },
    })
    expect((await deliver(address, '{}')).status).toBe(503)
    expect(lines.find(({ level }) => level === 'error')?.message).toBe('call failed')
  })

  /** A call that was begun, of which so much comes, and no more. */
  const begin = async (address: string, length: number, comes = 1) => {
    const { hostname, port } = new URL(address)
    const socket = connect(Number(port), hostname)
    onTestFinished(() => void socket.destroy())
    socket.write(`POST /webhooks/github HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`)
    await new Promise<void>((done) => socket.write(Buffer.alloc(comes), () => done()))
    return socket
  }

  it('that never end do not keep the service from stopping', async () => {
    const { address, server, call } = await start()
    await begin(address, 1000)
    await call('GET', '/healthz')
    await server.stop()
  })

  it('under way are bounded by what has come of them, for nothing is known of their signatures yet', async () => {
    const { address } = await start()
    const most = 25 * 1024 * 1024
    const idle = await Promise.all([1, 2, 3, 4].map(() => begin(address, most)))
    expect((await deliver(address, '{}')).status).toBe(202)
    for (const socket of idle) socket.destroy()
    const full = await Promise.all([1, 2, 3, 4].map(() => begin(address, most, most - 1)))
    await expect.poll(async () => (await deliver(address, 'x'.repeat(5_000))).status).toBe(503)
    for (const socket of full) socket.destroy()
    await expect.poll(async () => (await deliver(address, '{}')).status).toBe(202)
  })
})

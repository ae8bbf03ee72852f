import { connect, createServer, type Socket } from 'node:net'
import { overLoopback } from './client.ts'

export type Silenceable = {
  /** The same database, by this way. */
  readonly url: string
  /**
   * As when the host dies and another takes its address: what is open now takes whatever is sent, answers nothing and is
   * not closed, and its server hears no more of it; what is opened later gets through.
   */
  fallSilent(): void
  close(): Promise<void>
}

/** A way to PostgreSQL that can fall silent. */
export async function silenceable(url: string): Promise<Silenceable> {
  const there = new URL(overLoopback(url))
  const open = new Set<{ readonly client: Socket; readonly server: Socket }>()
  const clients = new Set<Socket>()
  // Who died answers no end of the other side's either.
  const door = createServer({ allowHalfOpen: true }, (client) => {
    const pair = { client, server: connect(Number(there.port), there.hostname) }
    open.add(pair)
    clients.add(client)
    pair.server.on('data', (bytes) => void (open.has(pair) && client.write(bytes)))
    client.on('data', (bytes) => void (open.has(pair) && pair.server.write(bytes)))
    pair.server.on('close', () => open.delete(pair) && client.destroy())
    client.on('end', () => pair.server.end())
    client.on('close', () => {
      clients.delete(client)
      pair.server.destroy()
    })
    for (const socket of [client, pair.server]) socket.on('error', () => undefined)
  })
  await new Promise<void>((listening) => door.listen(0, '127.0.0.1', listening))
  const address = door.address()
  if (address === null || typeof address === 'string') throw new Error('a port was expected')
  const here = new URL(there)
  here.port = String(address.port)
  return {
    url: here.href,
    fallSilent() {
      const falling = [...open]
      open.clear()
      for (const { server } of falling) server.destroy()
    },
    async close() {
      const closed = new Promise((done) => door.close(done))
      for (const client of clients) client.destroy()
      await closed
    },
  }
}

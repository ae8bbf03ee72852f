import pg from 'pg'

/** Over TCP, so that the server has an address to tell: its own socket has none. */
export const overLoopback = (url: string) => url.replace(/@%2F[^:]+:/, '@127.0.0.1:')

/** One connection for one piece of work. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

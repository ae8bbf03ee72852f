import pg from 'pg'

/** Plans are kept: one made while no job waited would walk them all when thousands do. */
const settings = ['synchronous_commit = off', 'enable_seqscan = off', 'jit = off']

/** As long as the store waits. What takes PostgreSQL longer goes on there, and is only not heard of. */
const usualPatienceMs = 75_000

/**
 * pg's own setting of a pool's clients, which pg-boss hands on to it. Its statements are prepared; and its own commits do
 * not wait for the disk: should PostgreSQL crash, wake-ups of its last moment are lost or come twice, and cost time only.
 * Those inside a transaction of the store's are as durable as it is.
 * A host that died or was replaced may never say so: what it does not answer fails, and the pool ends the connection.
 * @param nameOf the name under which a connection prepares a statement, if it does
 */
export const clients = (nameOf: (text: string) => string | undefined, patienceMs = usualPatienceMs) => ({
  query_timeout: patienceMs,
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
  Client: class extends pg.Client {
    override connect(...[done]: unknown[]) {
      const connected = super.connect().then(async () => {
        for (const setting of settings) await super.query(`set ${setting}`)
        return this
      })
      if (typeof done === 'function')
        connected.then(
          () => Reflect.apply(done, undefined, []),
          (error) => Reflect.apply(done, undefined, [error]),
        )
      return connected
    }

    override query(...asked: unknown[]) {
      const [text, values, ...rest] = asked
      // Without values pg sends text as it is, which may be several statements.
      const single = typeof text === 'string' && Array.isArray(values) && values.length > 0
      const name = single ? nameOf(text) : undefined
      return Reflect.apply(super.query, this, name === undefined ? asked : [{ name, text, values }, ...rest])
    }
  },
})

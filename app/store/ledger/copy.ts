import type pg from 'pg'

/** Holds the stream back while what was handed over is still being worked on. */
export type Flow = { pause(): void; resume(): void }

/**
 * `copy (…) to stdout (format binary)`, a row at a time: twice as fast as a cursor. The fields are handed over
 * synchronously and are only good until `row` returns.
 * @param row throws to end the copy; the connection is of no use then
 */
export function copyRows(
  client: pg.Client,
  query: string,
  row: (fields: readonly (Buffer | undefined)[], flow: Flow) => void,
): Promise<void> {
  return new Promise((done, failed) => {
    let wrong: unknown
    let begun = false
    const take = (chunk: Buffer, flow: Flow) => {
      let at = 0
      if (!begun) {
        begun = true
        // Signature, flags, and an extension of this length.
        at = 19 + chunk.readUInt32BE(15)
      }
      if (at >= chunk.length) return
      const count = chunk.readInt16BE(at)
      if (count < 0) return
      at += 2
      const fields: (Buffer | undefined)[] = new Array(count)
      for (let index = 0; index < count; index += 1) {
        const length = chunk.readInt32BE(at)
        at += 4
        if (length < 0) continue
        fields[index] = chunk.subarray(at, at + length)
        at += length
      }
      row(fields, flow)
    }
    const submittable = {
      submit: (connection: pg.Connection) =>
        void connection.query(`copy (${query}) to stdout (format binary)`),
      handleCopyData({ chunk }: { readonly chunk: Buffer }, { stream }: pg.Connection) {
        if (wrong !== undefined) return
        try {
          take(chunk, { pause: () => stream.pause(), resume: () => stream.resume() })
        } catch (error) {
          wrong = error
        }
      },
      handleError: (error: Error) => failed(error),
      handleCommandComplete: () => undefined,
      handleReadyForQuery: () => (wrong === undefined ? done() : failed(wrong)),
    }
    client.query(submittable)
  })
}

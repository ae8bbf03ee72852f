import type pg from 'pg'

/** Holds the stream back while what was handed over is still being worked on. */
export type Flow = { pause(): void; resume(): void }

/** Where a row's fields lie in `bytes`: field n from `starts[n]` to `ends[n]`, which is −1 for null. */
export type Fields = {
  readonly bytes: Buffer
  readonly starts: readonly number[]
  readonly ends: readonly number[]
}

/**
 * `copy (…) to stdout (format binary)`, a row at a time: twice as fast as a cursor. The fields are handed over
 * synchronously and are only good until `row` returns. Messages of data are taken from the socket itself: the client
 * makes three objects of each, which costs as much as all that is done with the row here. Everything else it gets.
 * @param row throws to end the copy; the connection is of no use then
 */
export function copyRows(
  client: pg.Client,
  query: string,
  row: (fields: Fields, flow: Flow) => void,
): Promise<void> {
  return new Promise((done, failed) => {
    let wrong: unknown
    const takeRow = rowReader(row)
    const submittable = {
      submit(connection: pg.Connection) {
        const { stream } = connection
        const flow = { pause: () => stream.pause(), resume: () => stream.resume() }
        const usual = stream.listeners('data') as ((chunk: Buffer) => void)[]
        const handOver = (bytes: Buffer) => {
          for (const listener of usual) listener.call(stream, bytes)
        }
        /** Of a message whose end has not come yet. */
        let rest: Buffer = Buffer.alloc(0)
        const read = (chunk: Buffer) => {
          const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
          let at = 0
          while (at + 5 <= bytes.length) {
            const end = at + 1 + bytes.readUInt32BE(at + 1)
            if (end > bytes.length) break
            const kind = bytes[at]
            if (kind === readyForQuery) {
              stream.off('data', read)
              for (const listener of usual) stream.on('data', listener)
              return handOver(bytes.subarray(at))
            }
            if (kind !== copyData) handOver(bytes.subarray(at, end))
            else if (wrong === undefined) {
              try {
                takeRow(bytes, at + 5, end, flow)
              } catch (error) {
                wrong = error
              }
            }
            at = end
          }
          rest = bytes.subarray(at)
        }
        stream.on('data', read)
        for (const listener of usual) stream.off('data', listener)
        connection.query(`copy (${query}) to stdout (format binary)`)
      },
      handleError: (error: Error) => failed(error),
      handleCommandComplete: () => undefined,
      handleReadyForQuery: () => (wrong === undefined ? done() : failed(wrong)),
    }
    client.query(submittable)
  })
}

const copyData = 'd'.charCodeAt(0)
const readyForQuery = 'Z'.charCodeAt(0)

/** Reads one message of data: a row; the first begins with a header, and the last is an end without one. */
function rowReader(row: (fields: Fields, flow: Flow) => void) {
  let begun = false
  const starts: number[] = []
  const ends: number[] = []
  return (bytes: Buffer, from: number, end: number, flow: Flow): void => {
    let at = from
    if (!begun) {
      begun = true
      // Signature, flags, and an extension of this length.
      at += 19 + bytes.readUInt32BE(at + 15)
    }
    if (at >= end) return
    const count = bytes.readInt16BE(at)
    if (count < 0) return
    at += 2
    for (let index = 0; index < count; index += 1) {
      const length = bytes.readInt32BE(at)
      at += 4
      starts[index] = at
      ends[index] = length < 0 ? -1 : at + length
      if (length > 0) at += length
    }
    row({ bytes, starts, ends }, flow)
  }
}

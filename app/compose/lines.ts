import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'

/** The bytes of these files together, and how many of them lie before each. */
export async function sizesOf(paths: readonly string[]) {
  let total = 0
  const before: number[] = []
  for (const path of paths) {
    before.push(total)
    total += (await stat(path)).size
  }
  return { total, before }
}

/**
 * The lines of a UTF-8 file without their ends. By line feeds alone: `readline` breaks at U+2028 and U+2029 as well.
 * @param reached told after each piece how many bytes of the file were read
 */
export async function* linesOf(path: string, reached?: (bytes: number) => void): AsyncGenerator<string> {
  let read = 0
  /** The beginning of a line that goes on in the next chunk. */
  let begun: Buffer[] = []
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    read += chunk.length
    reached?.(read)
    let from = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      const rest = chunk.subarray(from, end)
      yield (begun.length === 0 ? rest : Buffer.concat([...begun, rest])).toString('utf8')
      begun = []
      from = end + 1
    }
    if (from < chunk.length) begun.push(chunk.subarray(from))
  }
  if (begun.length > 0) yield Buffer.concat(begun).toString('utf8')
}

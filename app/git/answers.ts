import type { Sha } from '../reconcile/ports/git.ts'

export type ObjectType = 'commit' | 'tree' | 'blob' | 'tag'
export type ObjectInfo = { readonly sha: Sha; readonly type: ObjectType; readonly size: number }
export type Answer = { readonly info: ObjectInfo; readonly body: Buffer } | undefined

const header = /^([0-9a-f]{40}) (commit|tree|blob|tag) ([0-9]+)$/

/**
 * Takes `git cat-file --batch-command` output apart, in whatever pieces it comes. `expectsBody` says of the
 * answer that comes next whether bytes follow its header. Throws on anything that is no answer.
 */
export function createAnswers(expectsBody: () => boolean, found: (answer: Answer) => void) {
  let pieces: Buffer[] = []
  let gathered = 0
  let needed = 0

  return (chunk: Buffer): void => {
    pieces.push(chunk)
    gathered += chunk.length
    // A large body comes in many pieces: joining them once keeps the work linear.
    if (gathered < needed) return
    let rest = pieces.length === 1 ? chunk : Buffer.concat(pieces)
    needed = 0
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      const line = rest.toString('latin1', 0, end)
      const [, sha, type, digits] = header.exec(line) ?? []
      if (sha === undefined || type === undefined) {
        if (!line.endsWith(' missing'))
          throw new Error(`not an answer: ${JSON.stringify(line.slice(0, 200))}`)
        rest = rest.subarray(end + 1)
        found(undefined)
        continue
      }
      const size = Number(digits)
      const from = end + 1
      const next = expectsBody() ? from + size + 1 : from
      if (rest.length < next) {
        needed = next
        break
      }
      const body = Buffer.from(rest.subarray(from, Math.max(from, next - 1)))
      rest = rest.subarray(next)
      found({ info: { sha, type: type as ObjectType, size }, body })
    }
    pieces = rest.length === 0 ? [] : [rest]
    gathered = rest.length
  }
}

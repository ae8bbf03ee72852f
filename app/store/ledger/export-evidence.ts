import { sql } from 'slonik'
import { z } from 'zod'
import { eventIn } from '../../audit/body.ts'
import { type ExportLine, evidenceWindow } from '../../audit/export-line.ts'
import { evidenceOf } from '../../audit/verify.ts'
import type { Database } from '../database.ts'
import { atMost, longest } from '../longest.ts'

const row = z.object({ digest: z.string(), bytes: z.custom<Buffer>((value) => Buffer.isBuffer(value)) })
const mark = Buffer.from('"evidence"')

/** The lines of evidence that have to stand before each of these events' own, in one query for all of them. */
export function createEvidenceLines(
  database: Database,
): (bodies: readonly Buffer[]) => Promise<readonly (readonly ExportLine[])[]> {
  /** Digest → which line of evidence it was last, the oldest first. */
  const written = new Map<string, number>()
  let count = 0
  /** Still, once there are so many lines. */
  const isAtHand = (digest: string, lines: number) =>
    lines - (written.get(digest) ?? -evidenceWindow - 1) <= evidenceWindow

  return async (bodies) => {
    const named = bodies.map((body) => (body.includes(mark) ? namedIn(body) : []))
    const wanted = new Set(named.flat())
    if (wanted.size === 0) return []
    const stored = await database.run.any(sql.type(row)`
      select digest, ${atMost(longest.evidence, 'bytes')} from evidence where digest = any(${sql.array([...wanted], 'text')})`)
    const found = new Map(stored.map(({ digest, bytes }) => [digest, bytes]))
    return named.map((digests) => {
      const lines = count + digests.length
      return digests.flatMap((digest) => {
        const bytes = found.get(digest)
        if (bytes === undefined || isAtHand(digest, lines)) return []
        written.delete(digest)
        written.set(digest, count++)
        for (const [oldest] of written) {
          if (written.size <= evidenceWindow) break
          written.delete(oldest)
        }
        return [{ kind: 'evidence', digest, bytes: bytes.toString('utf8') }]
      })
    })
  }
}

/** Whoever verifies the export is told of bytes that are no event. */
function namedIn(body: Uint8Array): readonly string[] {
  const event = eventIn(body)
  return event === undefined ? [] : evidenceOf(event)
}

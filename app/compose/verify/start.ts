import { eventIn } from '../../audit/body.ts'
import { leafHash } from '../../audit/chain.ts'
import { type Claim, readClaim } from '../../audit/claim.ts'
import type { Beginning, Keys, Since, Source } from './source.ts'

/**
 * The newest checkpoint before `since` that is signed; undefined: from the first event on. The columns by which it was
 * found are nobody's word: the checkpoint itself says how many events it is over, and its last event when that was. Whoever
 * recomputes the root from the leaves finds out whether that event's is the one that was signed.
 */
export async function startAt(
  source: Source,
  since: Since | undefined,
  trust: { readonly origin: string; readonly keys: Keys },
): Promise<Claim | undefined> {
  if (since === undefined || source.checkpointsBefore === undefined) return undefined
  for (const found of await source.checkpointsBefore(since)) {
    const opened = readClaim(found.note, trust, { of: 'checkpoints', by: 'the checkpoint it began at' })
    if (opened.ok && opened.claim.size === found.size && ('seq' in since || endsBefore(found, since.time)))
      return opened.claim
  }
  return undefined
}

function endsBefore({ body, leaf }: Beginning, time: number): boolean {
  if (body === null || leaf === null || Buffer.compare(leafHash(body), leaf) !== 0) return false
  const event = eventIn(body)
  return event !== undefined && Date.parse(event.at) < time
}

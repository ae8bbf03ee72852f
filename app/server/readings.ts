import { type Caller, seesAll } from './authorise.ts'
import type { ServerFacts } from './deps.ts'
import { Problem } from './problem.ts'

const mostAtOnce = 4

/** Answers for which much may have to be read or evaluated: a caller gets one of a kind at a time. Throws `busy`. */
export type Readings = <T>(caller: Caller, kind: string, answer: () => Promise<T>) => Promise<T>

/** Whoever sees all, and may have to revoke, is kept out by nobody else's. */
export function createReadings(facts: Pick<ServerFacts, 'administrators' | 'auditors'>): Readings {
  const underWay = new Set<string>()
  return async (caller, kind, answer) => {
    const key = `${kind} ${caller.id}`
    const busy = underWay.has(key)
      ? `Your last call for ${kind} is still being answered.`
      : underWay.size >= mostAtOnce && !seesAll(caller, facts)
        ? `${mostAtOnce} calls of others are being answered for which much has to be done.`
        : undefined
    if (busy !== undefined) throw new Problem('busy', busy, 'try again in a second')
    underWay.add(key)
    try {
      return await answer()
    } finally {
      underWay.delete(key)
    }
  }
}

/** Throws when nobody waits for the answer any more. */
export function stillWaited(hungUp: AbortSignal): void {
  if (hungUp.aborted)
    throw new Problem('busy', 'The caller hung up before the answer was there.', 'wait for it')
}

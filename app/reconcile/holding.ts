import { turnMs } from '../grant/bounds.ts'
import { type Call, NotSentError } from '../provider/port.ts'
import { held, type Store } from './ports/store.ts'

/**
 * `Store.alone` for what a call does: whoever holds the keys, or hangs while he does, keeps us for half of our time at
 * most, and never so long that what we then begin could not be finished.
 * @throws NotSentError
 */
export const holding = async <T>(
  store: Pick<Store, 'alone'>,
  keys: readonly string[],
  { turnBy }: Pick<Call, 'turnBy'>,
  work: () => Promise<T>,
): Promise<T> => {
  const answer = await store.alone(keys, turnMs, async () => (turnBy?.aborted ? held : work()))
  if (answer === held) throw new NotSentError('somebody else is busy with the same')
  return answer
}

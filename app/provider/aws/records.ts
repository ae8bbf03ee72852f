import type { Intent } from '../../grant/intent.ts'
import type { Offer } from '../offer.ts'

/** What AWS keeps for nobody, so that gitsudo's own records must say it. */
export type Records = {
  /** Whether credentials of the grant were given out, or may have been. */
  wasGiven(grant: Intent['grant']): Promise<boolean>
  /** Intents of this provider whose access is to be taken away and is not gone yet, by sealed events. */
  revoking(): Promise<readonly Intent[]>
  /** What can be asked for. */
  offered(): Promise<readonly Offer[]>
  /** Does `work` while nobody else, on any replica, works under the same key. */
  exclusive<T>(key: string, work: () => Promise<T>): Promise<T>
}

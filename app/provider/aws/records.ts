import type { AwsRole } from '../../grant/grantable/aws.ts'
import type { Intent } from '../../grant/intent.ts'
import type { Offer } from '../offer.ts'

/** What AWS keeps for nobody, so that gitsudo's own records must say it. */
export type Records = {
  /** Whether credentials of the grant were given out; `perhaps`: what would say so is not what it was. */
  wasGiven(grant: Intent['grant']): Promise<boolean | 'perhaps'>
  /** Intents of this provider whose access is to be taken away, or was before its end, by sealed events. */
  denied(): Promise<readonly Intent[]>
  /** What can be asked for. */
  offered(): Promise<readonly Offer[]>
  /**
   * Does `work`, which takes access away, while nobody else, on any replica, does such for the same role.
   * @throws NotSentError when its turn does not come by then
   */
  exclusive<T>(role: AwsRole, turnBy: AbortSignal, work: () => Promise<T>): Promise<T>
}

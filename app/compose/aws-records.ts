import type { Records } from '../provider/aws/records.ts'
import { holding } from '../reconcile/holding.ts'
import type { Git } from '../reconcile/ports/git.ts'
import type { Keys } from '../reconcile/ports/keys.ts'
import { isTampered, type Ledger } from '../reconcile/ports/ledger.ts'
import type { RepositorySettings } from '../reconcile/ports/settings.ts'
import type { Store } from '../reconcile/ports/store.ts'
import { createTurns } from '../reconcile/turns/turns.ts'
import { offersOf } from './offers.ts'

export type AwsRecordsDeps = {
  readonly ledger: Ledger
  readonly keys: Keys
  readonly store: Pick<Store, 'alone'>
  readonly git: Git
  readonly repositories: readonly RepositorySettings[]
}

/** Each holds a connection (Store's `alone`) for as long as a few calls take; one account leaves room for another. */
const held = { each: 6, most: 8 }

/** What the ledger and the accepted catalogues say of grants on AWS. */
export const awsRecords = ({ ledger, keys, store, git, repositories }: AwsRecordsDeps): Records => {
  const turns = createTurns('aws', held)

  return {
    // Sealed before credentials leave; one that is not gitsudo's own counts too: what takes away needs no signature.
    // So does what was read before, and of a ledger that lost events nobody knows what it said.
    async wasGiven(grant) {
      const { given, perhapsGiven, broken } = await ledger.standing()
      if (given.has(grant)) return true
      const events = await ledger.history(grant).catch((error: unknown) => {
        if (!isTampered(error)) throw error
      })
      if (events?.some(({ event }) => event.type === 'credentials.issued')) return true
      return events === undefined || broken !== undefined || perhapsGiven.has(grant) ? 'perhaps' : false
    },
    async denied() {
      const { open, revoked } = await ledger.standing()
      const revoking = [...open.values()].filter(({ blocked, stage }) => blocked && stage !== 'scheduled')
      return [...revoking.map(({ intent }) => intent), ...revoked.values()].filter(
        ({ provider }) => provider === 'aws',
      )
    },
    offered: () => offersOf('aws', { ledger, keys, git, repositories }),
    exclusive: ({ account, arn }, turnBy, work) =>
      turns({ lane: 'takes', place: account, signal: turnBy, turnBy }, () =>
        holding(store, [`aws ${arn}`], { turnBy }, work),
      ),
  }
}

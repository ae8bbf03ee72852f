import { rolesFile } from '../identity/directory.ts'
import { readRoles } from '../identity/roles.ts'
import type { Offer, Records } from '../provider/aws/records.ts'
import { atMost } from '../reconcile/at-most.ts'
import { acceptedCommit } from '../reconcile/policies.ts'
import type { Git } from '../reconcile/ports/git.ts'
import type { Keys } from '../reconcile/ports/keys.ts'
import type { Ledger } from '../reconcile/ports/ledger.ts'
import type { RepositorySettings } from '../reconcile/ports/settings.ts'
import type { Store } from '../reconcile/ports/store.ts'

export type AwsRecordsDeps = {
  readonly ledger: Ledger
  readonly keys: Keys
  readonly store: Pick<Store, 'transaction' | 'serialise'>
  readonly git: Git
  readonly repositories: readonly RepositorySettings[]
}

/** Each holds a database connection for as long as a few calls take. */
const mostAtOnce = 4
/** No catalogue is larger. */
const fileLimit = 1024 * 1024

/** What the ledger and the accepted catalogues say of grants on AWS. */
export const awsRecords = ({ ledger, keys, store, git, repositories }: AwsRecordsDeps): Records => {
  const turn = atMost(mostAtOnce)

  const offers = async (repository: RepositorySettings): Promise<readonly Offer[]> => {
    const commit = await acceptedCommit({ ledger, keys }, repository)
    const mirror = git.mirror(repository.id)
    await mirror.fetch([commit])
    const file = await mirror.entry(commit, rolesFile)
    if (file === undefined) return []
    const roles = readRoles(await mirror.blob(file.sha, fileLimit), rolesFile)
    if (!roles.ok) return []
    return roles.value
      .filter(({ provider }) => provider === 'aws')
      .flatMap(({ cloudRole, scopes, maxDurationSeconds: seconds }) =>
        scopes.map((scope) => ({ cloudRole, scope, seconds })),
      )
  }

  return {
    // Sealed before credentials leave; one that is not gitsudo's own counts too: what takes away needs no signature.
    wasGiven: async (grant) =>
      (await ledger.history(grant)).some(({ event }) => event.type === 'credentials.issued'),
    async revoking() {
      const { open } = await ledger.standing()
      return [...open.values()]
        .filter(({ intent, blocked, stage }) => intent.provider === 'aws' && blocked && stage !== 'scheduled')
        .map(({ intent }) => intent)
    },
    offered: async () => (await Promise.all(repositories.map(offers))).flat(),
    exclusive: (key, work) =>
      turn(() =>
        store.transaction(async (tx) => {
          await store.serialise(tx, key)
          return work()
        }),
      ),
  }
}

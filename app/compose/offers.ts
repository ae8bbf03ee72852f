import { rolesFile } from '../identity/directory.ts'
import { readRoles } from '../identity/roles.ts'
import type { Offer } from '../provider/offer.ts'
import { acceptedCommit } from '../reconcile/policies.ts'
import type { Git } from '../reconcile/ports/git.ts'
import type { Keys } from '../reconcile/ports/keys.ts'
import type { Ledger } from '../reconcile/ports/ledger.ts'
import type { RepositorySettings } from '../reconcile/ports/settings.ts'
import type { ProviderName } from '../request/request.ts'

/** No catalogue is larger. */
const fileLimit = 1024 * 1024

/** What the accepted catalogues offer of a provider. @throws where Git cannot tell, or a catalogue cannot be read */
export const offersOf = async (
  provider: ProviderName,
  deps: {
    readonly ledger: Ledger
    readonly keys: Keys
    readonly git: Git
    readonly repositories: readonly RepositorySettings[]
  },
): Promise<readonly Offer[]> => {
  const offers = async (repository: RepositorySettings): Promise<readonly Offer[]> => {
    const commit = await acceptedCommit(deps, repository)
    const mirror = deps.git.mirror(repository.id)
    await mirror.fetch([commit])
    const file = await mirror.entry(commit, rolesFile)
    if (file === undefined) return []
    const roles = readRoles(await mirror.blob(file.sha, fileLimit), rolesFile)
    if (!roles.ok) {
      const [fault] = roles.faults
      throw new Error(`${rolesFile} at ${commit.slice(0, 10)} cannot be read: ${fault?.message}`)
    }
    return roles.value
      .filter((role) => role.provider === provider)
      .flatMap(({ cloudRole, scopes, maxDurationSeconds: seconds }) =>
        scopes.map((scope) => ({ cloudRole, scope, seconds })),
      )
  }
  return (await Promise.all(deps.repositories.map(offers))).flat()
}

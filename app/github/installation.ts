import type { Clock } from '../reconcile/ports/clock.ts'
import { GitHubError } from '../reconcile/ports/github.ts'
import type { Client } from './client.ts'
import { ownerAndRepo } from './repository-client.ts'

export type ConfiguredRepository = { readonly id: number; readonly fullName: string }

/** The App's installation on one configured repository. */
export type Installation = {
  id(): Promise<number>
  /** For this repository alone, good for a minute at least. `renew`: the last one was refused. */
  token(renew?: boolean): Promise<string>
}

const spareMs = 60_000

/**
 * Tokens are asked for by the repository's numeric id and serve for that repository only, so one that was
 * re-created under the same name cannot be reached with them, and GitHub's answer says what it is called now.
 */
export function createInstallation(
  app: Client,
  repository: ConfiguredRepository,
  clock: Clock,
): Installation {
  const { id, fullName } = repository
  let installation: Promise<number> | undefined
  let token: { readonly text: string; readonly until: number } | undefined
  let minting: Promise<string> | undefined

  const find = async () => (await app.rest.apps.getRepoInstallation(ownerAndRepo(fullName))).data.id
  const installationId = () => {
    installation ??= find().catch((error) => {
      installation = undefined
      throw explained(error, 'not_found', `the App is not installed on ${fullName}, or ${fullName} is gone`)
    })
    return installation
  }

  async function mint(): Promise<string> {
    const { data } = await app.rest.apps
      .createInstallationAccessToken({ installation_id: await installationId(), repository_ids: [id] })
      .catch((error) => {
        // Installed anew, it has another number.
        installation = undefined
        throw explained(
          error,
          'invalid',
          `${fullName} is no longer the repository with id ${id}, or the App lost it`,
        )
      })
    const [named] = data.repositories ?? []
    if (named?.id !== id || named.full_name.toLowerCase() !== fullName.toLowerCase()) {
      const now = named ? `${named.full_name} (${named.id})` : 'unknown'
      throw new GitHubError('forbidden', `repository ${id} is configured as ${fullName} and is now ${now}`)
    }
    token = { text: data.token, until: Date.parse(data.expires_at) }
    return data.token
  }

  return {
    id: installationId,
    async token(renew = false) {
      if (!renew && token && token.until - spareMs > clock.now()) return token.text
      minting ??= mint().finally(() => {
        minting = undefined
      })
      return minting
    },
  }
}

/** What cannot be found by its configured name or id is not the configured repository: a refusal, not "no match". */
const explained = (error: unknown, code: GitHubError['code'], sentence: string): unknown =>
  error instanceof GitHubError && error.code === code
    ? new GitHubError('forbidden', `${sentence} (${error.message})`, { cause: error })
    : error

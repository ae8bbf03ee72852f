import { Octokit } from '@octokit/rest'
import type { Clock } from '../reconcile/ports/clock.ts'
import { GitHubError } from '../reconcile/ports/github.ts'
import type { Log } from '../reconcile/ports/log.ts'
import { asGitHubError } from './errors.ts'
import { timedFetch } from './fetch.ts'
import { graphqlUrl } from './graphql-url.ts'

export type Client = Octokit

/** "API Versions", docs.github.com: what answers are read as; without it GitHub chooses. */
const apiVersion = '2022-11-28'

export type ClientOptions = {
  /** `https://api.github.com`, `https://HOST/api/v3`; without a slash at its end. */
  readonly baseUrl: string
  readonly clock: Clock
  readonly log: Log
  readonly timeoutMs: number
  /** The Authorization header; `renew`: the last one was refused. */
  readonly authorize: (renew: boolean) => Promise<string>
  readonly budget?: {
    /** Called before each write; throws `rate_limited`. */
    readonly take: () => Promise<void>
    /** GitHub said to wait until then (epoch ms). */
    readonly hold: (until: number) => Promise<void>
  }
}

/**
 * An Octokit against one address, as one identity. No throttle and retry plugins: they are per process and wait
 * inside a call; here a call fails with the time to ask again. Every failure is a `GitHubError`.
 */
export function createClient(options: ClientOptions): Client {
  const { baseUrl, clock, log } = options
  const quiet = () => undefined
  const octokit = new Octokit({
    baseUrl,
    // What fails is thrown, and what is sent is nobody's to read in a log.
    log: {
      debug: quiet,
      info: quiet,
      error: quiet,
      warn: (message: string) => log.warn('octokit', { message }),
    },
    request: { fetch: timedFetch(options.timeoutMs) },
  })

  octokit.hook.wrap('request', async (request, asked) => {
    const { url } = octokit.request.endpoint.parse(asked)
    const what = `${asked.method} ${url.slice(url.startsWith(baseUrl) ? baseUrl.length : 0).split('?')[0]}`
    // Links to further pages are whole addresses; a credential goes to no other place than its own.
    if (!url.startsWith(`${baseUrl}/`) && url !== graphqlUrl(baseUrl)) {
      throw new GitHubError('unavailable', `GitHub links to another address: ${what}`)
    }
    if (asked.method !== 'GET') await options.budget?.take()
    const send = async (renew: boolean) => {
      // In place: the hooks inside this one are bound to this object.
      asked.headers.authorization = await options.authorize(renew)
      asked.headers['x-github-api-version'] = apiVersion
      return request(asked)
    }
    try {
      const response = await send(false).catch((error) => {
        if (statusOf(error) === 401) return send(true)
        throw error
      })
      if (response.status >= 300) throw moved(response.status, what)
      if (response.status === 200 && (typeof response.data !== 'object' || response.data === null)) {
        throw new GitHubError(
          'unavailable',
          `${what} was not answered in JSON: is ${baseUrl} the API's address?`,
        )
      }
      return response
    } catch (error) {
      const failure = asGitHubError(error, what, clock.now())
      if (failure.code === 'rate_limited' && failure.retryAt !== undefined)
        await options.budget?.hold(failure.retryAt)
      throw failure
    }
  })
  return octokit
}

const statusOf = (error: unknown): unknown =>
  error instanceof Error && 'status' in error ? error.status : undefined

const moved = (status: number, what: string) =>
  new GitHubError(
    'forbidden',
    `the repository has been renamed or transferred: change the configuration if that is meant (${what} answered ${status})`,
  )

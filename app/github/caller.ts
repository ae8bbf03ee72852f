import type { Clock } from '../reconcile/ports/clock.ts'
import { type Account, GitHubError } from '../reconcile/ports/github.ts'
import type { Log } from '../reconcile/ports/log.ts'
import { accountOf } from './account.ts'
import { createClient } from './client.ts'
import { orUndefined } from './or-undefined.ts'

export type CallerOptions = {
  readonly baseUrl: string
  readonly clientId: string
  readonly clientSecret: string
  readonly clock: Clock
  readonly log: Log
  readonly timeoutMs: number
}

/**
 * Whose token this is, by GitHub's own check, which knows only tokens issued to our App (trust.md 9.1). Against
 * a loopback address an ordinary user token counts too: nobody there has an account to lose.
 */
export function createCaller(options: CallerOptions): (token: string) => Promise<Account | undefined> {
  const { baseUrl, clientId, clientSecret } = options
  const basic = `basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`
  const checker = createClient({ ...options, authorize: async () => basic })

  const checked = async (token: string): Promise<Account | undefined> => {
    const said = await orRefused(checker.rest.apps.checkToken({ client_id: clientId, access_token: token }))
    if (!said?.data.user || said.data.app.client_id !== clientId) return undefined
    return accountOf(said.data.user)
  }
  const own = async (token: string): Promise<Account | undefined> => {
    const client = createClient({ ...options, authorize: async () => `bearer ${token}` })
    const said = await orRefused(client.rest.users.getAuthenticated(), 'forbidden')
    return said && accountOf(said.data)
  }
  return async (token) => {
    // Anything else is no token, and must not become part of a header.
    if (!/^[!-~]{1,512}$/.test(token)) return undefined
    return (await checked(token)) ?? (isLoopback(baseUrl) ? await own(token) : undefined)
  }
}

const isLoopback = (baseUrl: string): boolean =>
  ['127.0.0.1', '[::1]', 'localhost'].includes(new URL(baseUrl).hostname)

/** 404 and 422 say that the token is nobody's; asking with it as credential, 401 and 403 do. */
async function orRefused<T>(
  asked: Promise<T>,
  ...more: readonly GitHubError['code'][]
): Promise<T | undefined> {
  try {
    return await orUndefined(asked)
  } catch (error) {
    if (error instanceof GitHubError && ['invalid', ...more].includes(error.code)) return undefined
    throw error
  }
}

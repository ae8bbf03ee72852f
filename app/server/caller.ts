import { hash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { Account } from '../reconcile/ports/github.ts'
import type { Caller } from './authorise.ts'
import type { ServerDeps } from './deps.ts'
import { Problem } from './problem.ts'

const rememberedMs = 30_000
const mostRemembered = 2_000

export type Callers = {
  /** Who calls. Throws `unauthenticated`. `fresh`: GitHub is asked now, whatever was heard a moment ago. */
  identify(request: FastifyRequest, freshness?: 'fresh'): Promise<Caller>
}

/**
 * Callers by bearer token (trust.md 9.1). A token's owner is remembered for 30 s, under its digest, so that a
 * waiting command line does not cost a GitHub call at every look; what gives or takes access asks afresh.
 */
export function createCallers(deps: Pick<ServerDeps, 'caller' | 'readable' | 'clock'>): Callers {
  const remembered = new Map<string, { readonly account: Account; readonly until: number }>()

  const accountOf = async (token: string, fresh: boolean): Promise<Account> => {
    const key = hash('sha256', token)
    const known = remembered.get(key)
    if (!fresh && known !== undefined && known.until > deps.clock.now()) return known.account
    remembered.delete(key)
    const account = await deps.caller(token)
    if (account === undefined)
      throw new Problem(
        'unauthenticated',
        'This token counts for nobody here.',
        "use a user token of this installation's own GitHub App",
      )
    if (account.type !== 'User')
      throw new Problem('forbidden', `${account.login} is not a person.`, 'call with the token of a user')
    const oldest = remembered.keys().next().value
    if (remembered.size >= mostRemembered && oldest !== undefined) remembered.delete(oldest)
    remembered.set(key, { account, until: deps.clock.now() + rememberedMs })
    return account
  }

  return {
    async identify(request, freshness) {
      const [, token] = /^Bearer ([!-~]+)$/i.exec(request.headers.authorization ?? '') ?? []
      if (token === undefined)
        throw new Problem(
          'unauthenticated',
          'The call carries no token.',
          'send Authorization: Bearer TOKEN; the command line takes --token or GITSUDO_TOKEN',
        )
      const account = await accountOf(token, freshness === 'fresh')
      const { known, unread } = await deps.readable(account)
      return { ...account, readable: new Set(known), unread: new Set(unread) }
    },
  }
}

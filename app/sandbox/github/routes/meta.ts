import { get, ok, type Route } from '../call.ts'
import { payer } from '../payer.ts'

export const metaRoutes: readonly Route[] = [
  get('/meta', () => ok({ verifiable_password_authentication: false, installed_version: '3.18.0' })),
  get('/rate_limit', (call) => {
    const { caller, limit } = payer(call.actor)
    const { used, resetSeconds } = call.world.rateLimits.budget(caller, limit)
    const core = { limit, used, remaining: limit - used, reset: resetSeconds }
    return ok({ resources: { core }, rate: core })
  }),
]

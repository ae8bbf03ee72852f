import type { Intent } from '../../app/grant/intent.ts'
import { createIdentityCenter } from '../../app/provider/aws/identity-center.ts'
import { boundCalls } from '../../app/provider/calls.ts'
import { limitCalls } from '../../app/provider/limits.ts'
import type { Offer } from '../../app/provider/offer.ts'
import type { Call, Provider } from '../../app/provider/port.ts'
import { startAws } from '../../app/sandbox/clouds/aws/start.ts'
import { account, allowing, self } from './aws.ts'
import { memoryClock } from './memory/clock.ts'
import { anIntent } from './memory/intent.ts'
import { memoryLog } from './memory/log.ts'

export const instanceArn = 'arn:aws:sso:::instance/ssoins-1234567890abcdef'
export const permissionSet = 'arn:aws:sso:::permissionSet/ssoins-1234567890abcdef/ps-1234567890abcdef'

/** AWS's double with people in an identity store, and providers on it. */
export const identityCenterWorld = async () => {
  const clock = memoryClock()
  const aws = await startAws({ clock, propagationMs: 60_000 })
  const keys = aws.addUser(self, allowing(['sso:*', 'identitystore:*']))
  const users = new Map<string, string>()
  const offered: Offer[] = [{ cloudRole: permissionSet, scope: account, seconds: 3600 }]
  return {
    aws,
    clock,
    offered,
    provider: (endpoint = aws.url): Provider =>
      boundCalls(
        limitCalls(
          createIdentityCenter({
            credentialsSource: 'static',
            keys,
            instanceArn,
            identityStoreId: 'd-1234567890',
            defaultRegion: 'us-east-1',
            endpoint,
            clock,
            records: { offered: async () => offered },
          }),
        ),
        { clock, log: memoryLog() },
      ),
    /** The identity store has everybody whom an intent names. */
    intent(number: number, change: Partial<Intent> = {}): Intent {
      const principal = change.principal ?? `person-${number}@example.com`
      if (!users.has(principal)) users.set(principal, aws.identityCenter.addUser(principal))
      return anIntent(number, clock.now(), {
        provider: 'aws',
        role: 'reader',
        cloudRole: permissionSet,
        scope: account,
        ...change,
        principal,
      })
    },
    call: (ms = 10_000): Call => ({ deadline: clock.now() + ms, signal: AbortSignal.timeout(ms) }),
    assignment: ({ scope, cloudRole, principal }: Intent) => ({
      account: scope,
      permissionSet: cloudRole,
      principal: users.get(principal) ?? '',
    }),
  }
}

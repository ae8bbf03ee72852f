import type { Intent } from '../../app/grant/intent.ts'
import { boundCalls } from '../../app/provider/calls.ts'
import { createGcp } from '../../app/provider/gcp/gcp.ts'
import { limitCalls } from '../../app/provider/limits.ts'
import type { Offer } from '../../app/provider/offer.ts'
import type { Call, Provider } from '../../app/provider/port.ts'
import { startGcp } from '../../app/sandbox/clouds/gcp/start.ts'
import { memoryClock } from './memory/clock.ts'
import { anIntent } from './memory/intent.ts'
import { memoryLog } from './memory/log.ts'

type Credentials = Pick<Parameters<typeof createGcp>[0], 'credentialsSource' | 'credentials'>

/** Google's double with a project in a folder of an organisation, and providers on it. */
export const gcpWorld = async () => {
  const clock = memoryClock()
  const gcp = await startGcp({ clock, propagationMs: 7 * 60_000 })
  gcp.addResource('organizations/42')
  gcp.addResource('folders/7', 'organizations/42')
  gcp.addResource('projects/example-prod', 'folders/7')
  const key: Credentials = {
    credentialsSource: 'service_account_key',
    credentials: gcp.serviceAccountKey('gitsudo@gitsudo-home.iam.gserviceaccount.com'),
  }
  const offers: Offer[] = []
  return {
    gcp,
    /** What roles.yaml offers. */
    offers,
    clock,
    provider: (
      instance = 'ours',
      credentials = key,
      offered = async (): Promise<readonly Offer[]> => offers,
    ): Provider =>
      boundCalls(
        limitCalls(
          createGcp({
            ...credentials,
            conditionTitlePrefix: 'gitsudo',
            baseUrl: gcp.url,
            instance,
            clock,
            offered,
          }),
        ),
        { clock, log: memoryLog() },
      ),
    intent: (number: number, change: Partial<Intent> = {}): Intent =>
      anIntent(number, clock.now(), {
        provider: 'gcp',
        principal: `person-${number}@example.com`,
        role: 'viewer',
        cloudRole: 'roles/compute.viewer',
        scope: 'projects/example-prod',
        ...change,
      }),
    call: (ms = 10_000): Call => ({ deadline: clock.now() + ms, signal: AbortSignal.timeout(ms) }),
    getsIn: ({ principal, cloudRole, scope }: Intent): boolean =>
      gcp.getsIn(principal.includes(':') ? principal : `user:${principal}`, cloudRole, scope),
  }
}

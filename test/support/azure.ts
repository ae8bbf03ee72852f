import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import type { Intent } from '../../app/grant/intent.ts'
import { createAzure } from '../../app/provider/azure/azure.ts'
import { boundCalls } from '../../app/provider/calls.ts'
import { limitCalls } from '../../app/provider/limits.ts'
import type { Offer } from '../../app/provider/offer.ts'
import type { Call, Provider } from '../../app/provider/port.ts'
import { startAzure } from '../../app/sandbox/clouds/azure/start.ts'
import { memoryClock } from './memory/clock.ts'
import { anIntent } from './memory/intent.ts'
import { memoryLog } from './memory/log.ts'

type Options = Parameters<typeof createAzure>[0]
type Mode = Options['mode']

export const subscription = '/subscriptions/8b9f6c1e-3c55-4a1e-9f6e-0a4f1f0c2d11'
export const managementGroup = '/providers/Microsoft.Management/managementGroups/acme'
export const owner = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635'
export const reader = 'acdd72a7-3385-48ef-bd42-f606fba81ae7'

/** What a proxy or a gateway may answer in Azure's place, with 200. */
export const foreignAnswers = [
  ['a page', { type: 'text/html', text: '<html><body>Sign in to the network</body></html>' }],
  ['an error', { type: 'application/json', text: '{"error":{"code":"BadGateway","message":"try later"}}' }],
] as const

/** The object id of somebody. */
export const person = (number: number): string =>
  `4c1d7d1e-0b8f-4b53-9d0a-${String(number).padStart(12, '0')}`

/** Azure's double with a subscription in a management group, and providers on it. */
export const azureWorld = async (mode: Mode, clock = memoryClock()) => {
  const azure = await startAzure({ clock, propagationMs: 10 * 60_000 })
  setDefaultCACertificates([...getCACertificates('bundled'), azure.certificate])
  azure.addScope(managementGroup)
  azure.addScope(subscription, managementGroup)
  const tenantId = azure.entra.tenant
  const offers: Offer[] = []
  const secret: Partial<Options> = { credentialsSource: 'client_secret', ...azure.entra.secretApp() }
  return {
    azure,
    clock,
    /** What roles.yaml offers. */
    offers,
    provider: (instance = 'ours', credentials: Partial<Options> = secret): Provider =>
      boundCalls(
        limitCalls(
          createAzure({
            mode,
            credentialsSource: 'client_secret',
            tenantId,
            authorityHost: azure.url,
            baseUrl: azure.url,
            instance,
            clock,
            offered: async () => offers,
            ...credentials,
          }),
        ),
        { clock, log: memoryLog() },
      ),
    intent: (number: number, change: Partial<Intent> = {}): Intent =>
      anIntent(number, clock.now(), {
        provider: 'azure',
        principal: person(number),
        role: 'reader',
        cloudRole: reader,
        scope: subscription,
        ...change,
      }),
    call: (ms = 10_000): Call => ({ deadline: clock.now() + ms, signal: AbortSignal.timeout(ms) }),
    getsIn: ({ principal, cloudRole, scope }: Intent): boolean => azure.getsIn(principal, cloudRole, scope),
  }
}

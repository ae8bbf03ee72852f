import { azureRole, azureScope } from '../../grant/grantable/azure.ts'
import { eachOf } from '../each-of.ts'
import { ifThere } from '../if-there.ts'
import { type Offer, readOffers } from '../offer.ts'
import { type Call, isRefusal, ProviderError } from '../port.ts'
import type { Api } from './api.ts'
import { missing, permissions } from './permissions.ts'
import type { Way } from './way.ts'

const nobody = '00000000-0000-0000-0000-000000000000'

/** What is missing wherever gitsudo can look or is to grant, in words; last what would mend it. */
export const checkAzure = async (
  api: Api,
  way: Way,
  {
    mode,
    offered,
  }: { readonly mode: keyof typeof permissions; readonly offered: () => Promise<readonly Offer[]> },
  { signal }: Call,
): Promise<readonly string[]> => {
  try {
    const seen = await api.scopes(signal)
    const { offers, wrong } = await readOffers('azure', offered, nobody, { azure: { mode } })
    const known = new Set(seen.map((scope) => scope.toLowerCase()))
    const asked = offers.flatMap(({ scope }) => azureScope(scope) ?? [])
    const unseen = new Set(asked.filter((scope) => !known.has(scope)))
    const scopes = [...seen, ...unseen]
    if (scopes.length === 0)
      return ['no subscription or management group is to be seen: assign gitsudo its role', ...wrong]
    const lacks = await eachOf(scopes, async (scope) => {
      const held = await ifThere(api.permissions(scope, signal))
      return 'why' in held
        ? [`${scope}: ${held.why}`]
        : missing(held.found, permissions[mode]).map((one) => `${scope}: permission ${one} is missing`)
    })
    if (lacks.flat().length > 0)
      return [
        ...lacks.flat(),
        ...wrong,
        `gitsudo's own role: ${JSON.stringify({ Actions: permissions[mode] })}`,
      ]
    const unknown = await eachOf(offers, async ({ scope, cloudRole }) => {
      const [at, role] = [azureScope(scope), azureRole(cloudRole)]
      if (at === undefined || role === undefined) return []
      const found = await ifThere(api.roleDefinition(at, role, signal))
      return 'why' in found ? [`roles.yaml: ${found.why}`] : []
    })
    return [...wrong, ...unknown.flat(), ...(await way.check(offers, signal))]
  } catch (error) {
    if (error instanceof ProviderError && isRefusal(error)) return [error.message]
    throw error
  }
}

import { gcpResource } from '../../grant/grantable/gcp.ts'
import { eachOf } from '../each-of.ts'
import { type Offer, readOffers } from '../offer.ts'
import { type Call, isRefusal, ProviderError } from '../port.ts'
import { type Api, permissionsOn } from './api.ts'

/** What gitsudo's own role must hold. */
export const allPermissions = ['projects/1', 'folders/1', 'organizations/1'].flatMap(permissionsOn)

/** What is missing wherever gitsudo can look or is to grant, in words; last what would mend it. */
export const checkGcp = async (
  api: Api,
  offered: () => Promise<readonly Offer[]>,
  { signal }: Call,
): Promise<readonly string[]> => {
  try {
    const seen = await api.resources(signal)
    const known = new Set(seen.flatMap(({ name, number = name }) => [name, number]))
    const { offers, wrong } = await readOffers('gcp', offered, 'user:someone@example.com')
    const asked = offers.flatMap(({ scope }) => gcpResource(scope) ?? [])
    const unseen = new Set(asked.filter((scope) => !known.has(scope)))
    const resources = [...seen.map(({ name }) => name), ...unseen]
    if (resources.length === 0)
      return ['no project, folder or organisation is to be seen: grant gitsudo its role', ...wrong]
    const missing = await eachOf(resources, async (resource) => {
      const needed = permissionsOn(resource)
      const held = await api.held(resource, needed, signal)
      return needed
        .filter((one) => !held.includes(one))
        .map((one) => `${resource}: permission ${one} is missing`)
    })
    const lacks = missing.flat()
    if (lacks.length === 0) return wrong
    return [
      ...lacks,
      ...wrong,
      `gitsudo's own role: ${JSON.stringify({ includedPermissions: allPermissions })}`,
    ]
  } catch (error) {
    if (error instanceof ProviderError && isRefusal(error)) return [error.message]
    throw error
  }
}

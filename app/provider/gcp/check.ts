import { gcpResource } from '../../grant/grantable/gcp.ts'
import { eachOf } from '../each-of.ts'
import { ifThere } from '../if-there.ts'
import { type Offer, readOffers } from '../offer.ts'
import type { Call } from '../port.ts'
import { type Api, permissionsOn } from './api.ts'

/** What gitsudo's own role must hold. */
export const allPermissions = ['projects/1', 'folders/1', 'organizations/1'].flatMap(permissionsOn)

/** What is missing wherever gitsudo can look or is to grant, in words; last what would mend it. */
export const checkGcp = async (
  api: Api,
  offered: () => Promise<readonly Offer[]>,
  { signal }: Call,
): Promise<readonly string[]> => {
  const seen = await ifThere(api.resources(signal))
  const { offers, wrong } = await readOffers('gcp', offered, 'user:someone@example.com')
  if ('why' in seen) return [seen.why, ...wrong]
  const known = new Set(seen.found.flatMap(({ name, number = name }) => [name, number]))
  const asked = offers.flatMap(({ scope }) => gcpResource(scope) ?? [])
  const unseen = new Set(asked.filter((scope) => !known.has(scope)))
  const resources = [...seen.found.map(({ name }) => name), ...unseen]
  if (resources.length === 0)
    return ['no project, folder or organisation is to be seen: grant gitsudo its role', ...wrong]
  const missing = await eachOf(resources, async (resource) => {
    const needed = permissionsOn(resource)
    const held = await ifThere(api.held(resource, needed, signal))
    if ('why' in held) return [`${resource}: ${held.why}`]
    return needed
      .filter((one) => !held.found.includes(one))
      .map((one) => `${resource}: permission ${one} is missing`)
  })
  const lacks = missing.flat()
  if (lacks.length === 0) return wrong
  return [
    ...lacks,
    ...wrong,
    `gitsudo's own role: ${JSON.stringify({ includedPermissions: allPermissions })}`,
  ]
}

import { azureRole, azureScope } from '../../grant/grantable/azure.ts'
import { eachOf } from '../each-of.ts'
import { ifThere } from '../if-there.ts'
import { type Offer, readOffers } from '../offer.ts'
import { type Call, isRefusal, ProviderError } from '../port.ts'
import type { Api } from './api.ts'
import { roleIdOf } from './held.ts'
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
    const resolved = await eachOf(offers, async ({ scope, cloudRole }) => {
      const [at, role] = [azureScope(scope), azureRole(cloudRole)]
      if (at === undefined || role === undefined) return {}
      const found = await ifThere(api.roleDefinition(at, role, signal))
      const written = 'id' in role ? role.id : role.name
      return 'why' in found
        ? { why: `roles.yaml: ${found.why}` }
        : { role: { scope: at, written, definition: roleIdOf(found.found) } }
    })
    const unknown = resolved.flatMap(({ why }) => why ?? [])
    const twice = writtenTwice(resolved.flatMap(({ role }) => role ?? []))
    return [...wrong, ...unknown, ...twice, ...(await way.check(offers, signal))]
  } catch (error) {
    if (error instanceof ProviderError && isRefusal(error)) return [error.message]
    throw error
  }
}

type Written = { readonly scope: string; readonly written: string; readonly definition: string }

/** Azure gives a role once to somebody at a scope; what is written otherwise is another place to gitsudo. */
const writtenTwice = (roles: readonly Written[]): readonly string[] =>
  [...Map.groupBy(roles, ({ scope, definition }) => `${scope} ${definition}`).values()].flatMap((same) => {
    const ways = [...new Set(same.map(({ written }) => written))]
    return ways.length < 2
      ? []
      : [
          `roles.yaml: ${ways.join(' and ')} are one role at ${same[0]?.scope}: write it one way, for Azure gives it once`,
        ]
  })

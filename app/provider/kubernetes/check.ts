import { type KubernetesRole, kubernetesPlace, kubernetesRole } from '../../grant/grantable/kubernetes.ts'
import { eachOf } from '../each-of.ts'
import { type Offer, readOffers } from '../offer.ts'
import { type Call, isRefusal, ProviderError } from '../port.ts'
import type { Api } from './api.ts'
import { unlessForbidden } from './faults.ts'
import { missing } from './permissions.ts'

type Cluster = {
  readonly name: string
  readonly api: Api
  readonly tokens: { readonly namespace: string } | undefined
}

/**
 * What is missing in each cluster, in words; last what would mend it. A cluster that could not be asked is told beside
 * what is wrong. @throws ProviderError where nothing else is
 */
export const checkKubernetes = async (
  clusters: readonly Cluster[],
  offered: () => Promise<readonly Offer[]>,
  { signal }: Call,
): Promise<readonly string[]> => {
  const { offers, wrong } = await readOffers('kubernetes', offered, 'someone')
  const asked = Map.groupBy(offers, ({ scope }) => kubernetesPlace(scope)?.cluster)
  const away: ProviderError[] = []
  const found = await Promise.all(
    clusters.map(async ({ name, api, tokens }) => {
      const there = asked.get(name) ?? []
      try {
        const lacks = (await missing(api, tokens?.namespace, there, signal)).map(
          (one) => `${name}: permission ${one} is missing`,
        )
        const nowhere = await withoutNamespace({ name, api, tokens }, there, signal)
        return [...lacks, ...nowhere, ...(await withoutRole(api, there, signal))]
      } catch (error) {
        if (!(error instanceof ProviderError)) throw error
        if (!isRefusal(error)) away.push(error)
        return [error.message]
      }
    }),
  )
  const others = [...asked.keys()].flatMap((name) =>
    name === undefined || clusters.some((one) => one.name === name)
      ? []
      : [`roles.yaml: cluster ${name} is not configured: add it to providers.kubernetes.clusters`],
  )
  const all = [...found.flat(), ...others, ...wrong]
  const [trouble] = away
  if (trouble !== undefined && all.length === away.length) throw trouble
  return all.some((one) => one.includes(': permission '))
    ? [
        ...all,
        'gitsudo’s own rights: deploy/kubernetes/rbac.yaml and tokens.yaml, with the roles of roles.yaml',
      ]
    : all
}

/** A namespace, the role that is tried in it, and what names it. */
type Tried = readonly [namespace: string, how: { readonly role: KubernetesRole; readonly by: string }]

/** Namespaces of catalogue and configuration that a cluster does not have. */
const withoutNamespace = async (
  { name, api, tokens }: Cluster,
  offers: readonly Offer[],
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const offered = offers.flatMap(({ scope, cloudRole }): readonly Tried[] => {
    const [namespace, role] = [kubernetesPlace(scope)?.namespace, kubernetesRole(cloudRole)]
    return namespace === undefined || role === undefined ? [] : [[namespace, { role, by: 'roles.yaml' }]]
  })
  const viewed: KubernetesRole = { kind: 'ClusterRole', name: 'view' }
  const given: readonly Tried[] =
    tokens === undefined ? [] : [[tokens.namespace, { role: viewed, by: 'token_namespace' }]]
  const found = await eachOf([...new Map([...offered, ...given])], async ([namespace, { role, by }]) =>
    (await api.hasNamespace(namespace, role, signal))
      ? []
      : [`${by}: cluster ${name} has no namespace ${namespace}: make it there, or name another`],
  )
  return found.flat()
}

/** Roles of the catalogue that a cluster does not have, as far as gitsudo may read them. */
const withoutRole = async (
  api: Api,
  offers: readonly Offer[],
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const found = await eachOf(offers, async ({ scope, cloudRole }) => {
    const [place, role] = [kubernetesPlace(scope), kubernetesRole(cloudRole)]
    if (place === undefined || role === undefined) return []
    const rules = await api.rules(role, place, signal).catch(unlessForbidden)
    return rules === undefined ? [`roles.yaml: ${scope} has no ${role.kind} ${role.name}`] : []
  })
  return found.flat()
}

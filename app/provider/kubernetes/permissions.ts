import { kubernetesPlace, kubernetesRole } from '../../grant/grantable/kubernetes.ts'
import type { Offer } from '../offer.ts'
import type { Api, Attributes } from './api.ts'
import { rbac } from './binding.ts'

/** What gitsudo needs in a cluster besides `bind` of what it is to hand out. */
const needed: readonly Attributes[] = ['rolebindings', 'clusterrolebindings'].flatMap((resource) =>
  ['create', 'get', 'list', 'update', 'delete'].map((verb) => ({ verb, group: rbac, resource })),
)
/** And where it gives out tokens. */
const neededFor = (namespace: string): readonly Attributes[] => [
  { verb: 'create', group: '', resource: 'secrets', namespace },
  { verb: 'delete', group: '', resource: 'secrets', namespace },
  { verb: 'create', group: '', resource: 'serviceaccounts', subresource: 'token', namespace },
]

/** And to hand out a role of the catalogue. */
const bindOf = ({ cloudRole, scope }: Offer): readonly Attributes[] => {
  const [role, place] = [kubernetesRole(cloudRole), kubernetesPlace(scope)]
  if (role === undefined || place === undefined) return []
  const resource = role.kind === 'Role' ? 'roles' : 'clusterroles'
  const { namespace } = place
  return [
    {
      verb: 'bind',
      group: rbac,
      resource,
      name: role.name,
      ...(namespace === undefined ? {} : { namespace }),
    },
  ]
}

/** The permissions that gitsudo lacks in a cluster, as RBAC names them. `offers`: what it is to hand out there. */
export const missing = async (
  api: Api,
  tokenNamespace: string | undefined,
  offers: readonly Offer[],
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const all = [
    ...needed,
    ...(tokenNamespace === undefined ? [] : neededFor(tokenNamespace)),
    ...offers.flatMap(bindOf),
  ]
  const held = await Promise.all(all.map((one) => api.may(one, signal)))
  return all.filter((_, index) => held[index] !== true).map(wordsOf)
}

/** `create rolebindings.rbac.authorization.k8s.io`, as `kubectl auth can-i` takes it. */
const wordsOf = ({ verb, group, resource, subresource, name, namespace }: Attributes): string =>
  [
    `${verb} ${[resource, group].filter((part) => part !== '').join('.')}${subresource === undefined ? '' : `/${subresource}`}${name === undefined ? '' : `/${name}`}`,
    ...(namespace === undefined ? [] : [`in ${namespace}`]),
  ].join(' ')

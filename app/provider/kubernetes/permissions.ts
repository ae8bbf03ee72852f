import type { Api, Attributes } from './api.ts'
import { rbac } from './binding.ts'

/** What gitsudo needs in a cluster besides `bind`, which is its administrator's choice of roles. */
const needed: readonly Attributes[] = ['rolebindings', 'clusterrolebindings'].flatMap((resource) =>
  ['create', 'get', 'list', 'update', 'delete'].map((verb) => ({ verb, group: rbac, resource })),
)
/** And where it gives out tokens. */
const neededFor = (namespace: string): readonly Attributes[] => [
  { verb: 'create', group: '', resource: 'secrets', namespace },
  { verb: 'delete', group: '', resource: 'secrets', namespace },
  { verb: 'create', group: '', resource: 'serviceaccounts', subresource: 'token', namespace },
]

/** The permissions that gitsudo lacks, as RBAC names them. */
export const missing = async (
  api: Api,
  tokenNamespace: string | undefined,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const all = [...needed, ...(tokenNamespace === undefined ? [] : neededFor(tokenNamespace))]
  const held = await Promise.all(all.map((one) => api.may(one, signal)))
  return all.filter((_, index) => held[index] !== true).map(wordsOf)
}

/** `create rolebindings.rbac.authorization.k8s.io`, as `kubectl auth can-i` takes it. */
const wordsOf = ({ verb, group, resource, subresource, namespace }: Attributes): string =>
  [
    `${verb} ${[resource, group].filter((part) => part !== '').join('.')}${subresource === undefined ? '' : `/${subresource}`}`,
    ...(namespace === undefined ? [] : [`in ${namespace}`]),
  ].join(' ')

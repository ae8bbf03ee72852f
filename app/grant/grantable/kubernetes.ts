import type { Asked, Refusal } from './asked.ts'

/** A DNS label (RFC 1123), as namespaces are named, and clusters in gitsudo's configuration. */
const dnsLabel = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
const place = new RegExp(`^(${dnsLabel})(?:/(${dnsLabel}))?$`)
/** Roles are named by any path segment (apimachinery, `path.ValidatePathSegmentName`); odd ones are left out. */
const role = /^(?:(ClusterRole|Role)\/)?([A-Za-z0-9](?:[A-Za-z0-9.:_@-]{0,251}[A-Za-z0-9])?)$/
const account = new RegExp(`^(?:serviceaccount:(${dnsLabel})/|system:serviceaccount:(${dnsLabel}):)(.*)$`)
const accountName = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/
const user = /^(?:user:)?([^\p{C}\p{Z}]{1,256})$/u

/** Where access is given; without a namespace, in the whole cluster. */
export type KubernetesPlace = { readonly cluster: string; readonly namespace?: string }
export type KubernetesRole = { readonly kind: 'ClusterRole' | 'Role'; readonly name: string }
export type KubernetesSubject =
  | { readonly kind: 'User'; readonly name: string }
  | { readonly kind: 'ServiceAccount'; readonly namespace: string; readonly name: string }

/** `cluster` or `cluster/namespace`; undefined: neither. */
export const kubernetesPlace = (scope: string): KubernetesPlace | undefined => {
  const [, cluster, namespace] = place.exec(scope) ?? []
  if (cluster === undefined) return undefined
  return namespace === undefined ? { cluster } : { cluster, namespace }
}

/** A ClusterRole by its name alone, or `Role/NAME`; undefined: no such name. */
export const kubernetesRole = (cloudRole: string): KubernetesRole | undefined => {
  const [, kind = 'ClusterRole', name] = role.exec(cloudRole) ?? []
  return name === undefined ? undefined : { kind: kind === 'Role' ? 'Role' : 'ClusterRole', name }
}

/**
 * A user by name, or `serviceaccount:NAMESPACE/NAME`. One who can act, never a group of them; what begins with
 * `system:` is Kubernetes' own. undefined: not that.
 */
export const kubernetesSubject = (principal: string): KubernetesSubject | undefined => {
  const [, short, long, name = ''] = account.exec(principal) ?? []
  const namespace = short ?? long
  if (namespace !== undefined)
    return accountName.test(name) ? { kind: 'ServiceAccount', namespace, name } : undefined
  const written = user.exec(principal)?.[1]
  if (written === undefined || /^(?:system:|group:|serviceaccount:)/.test(written)) return undefined
  return { kind: 'User', name: written }
}

/** Everything for which a cluster would never hold the binding. */
export const kubernetesRefusals = ({ principal, cloudRole, scope }: Asked): readonly Refusal[] => {
  const faults: Refusal[] = []
  const where = kubernetesPlace(scope)
  if (where === undefined)
    faults.push({
      needed: 'a scope CLUSTER or CLUSTER/NAMESPACE',
      had: `${scope} names no cluster and no namespace`,
      remedy: 'write it so in roles.yaml and in the request',
    })
  if (kubernetesSubject(principal) === undefined)
    faults.push({
      needed: 'one user or service account',
      had: `${principal} is not one`,
      remedy: 'write the user’s name, or serviceaccount:NAMESPACE/NAME, in identities.yaml',
    })
  const wanted = kubernetesRole(cloudRole)
  if (wanted === undefined)
    faults.push({
      needed: 'a ClusterRole by its name, or Role/NAME',
      had: `${cloudRole} names no role of Kubernetes`,
      remedy: 'write its name as cloudRole in roles.yaml',
    })
  else if (wanted.kind === 'Role' && where !== undefined && where.namespace === undefined)
    faults.push({
      needed: 'a ClusterRole, or a scope CLUSTER/NAMESPACE',
      had: `${cloudRole} holds in its namespace only, not in all of ${scope}`,
      remedy: 'name the namespace in the scope, or a ClusterRole in roles.yaml',
    })
  return faults
}

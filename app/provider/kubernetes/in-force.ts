import { setTimeout as pause } from 'node:timers/promises'
import type { KubernetesPlace, KubernetesSubject } from '../../grant/grantable/kubernetes.ts'
import { ProviderError } from '../port.ts'
import type { Api, Attributes, Rule } from './api.ts'

/** The authorizer learns of a binding by watching: it is a few milliseconds behind, seconds under load. */
const waits: readonly number[] = [50, 100, 200, 400, 800, 1600]

/**
 * Waits until the cluster itself says that the subject may do what the role allows.
 * @param rules of the role
 * @throws ProviderError `unavailable` when it does not in time
 */
export const untilInForce = async (
  api: Api,
  place: KubernetesPlace,
  subject: KubernetesSubject,
  rules: readonly Rule[],
  signal: AbortSignal,
): Promise<void> => {
  const asked = firstOf(rules, place)
  if (asked === undefined) return
  for (const wait of [0, ...waits]) {
    if (wait > 0) await pause(wait, undefined, { signal })
    if (await allowed(api, subject, asked, signal)) return
  }
  throw new ProviderError(
    'unavailable',
    `kubernetes: the binding is there, and ${place.cluster} still denies ${subject.name} to ${asked.verb} ${asked.resource}`,
  )
}

/** Where gitsudo may not ask, the read-back of the binding has to do. */
const allowed = async (
  api: Api,
  subject: KubernetesSubject,
  asked: Attributes,
  signal: AbortSignal,
): Promise<boolean> => {
  try {
    return await api.allows(whoIs(subject), asked, signal)
  } catch (error) {
    if (error instanceof ProviderError && error.kind === 'forbidden') return true
    throw error
  }
}

/** As authenticators present them (Kubernetes docs, "Authenticating"). */
const whoIs = (subject: KubernetesSubject) =>
  subject.kind === 'User'
    ? { user: subject.name, groups: ['system:authenticated'] }
    : {
        user: `system:serviceaccount:${subject.namespace}:${subject.name}`,
        groups: [
          'system:serviceaccounts',
          `system:serviceaccounts:${subject.namespace}`,
          'system:authenticated',
        ],
      }

/** One thing that a role allows; undefined: it allows nothing, or addresses only. */
const firstOf = (rules: readonly Rule[], { namespace }: KubernetesPlace): Attributes | undefined => {
  for (const { verbs, apiGroups, resources, resourceNames } of rules) {
    const [[verb], [group], [resource], [name]] = [
      verbs ?? [],
      apiGroups ?? [],
      resources ?? [],
      resourceNames ?? [],
    ]
    if (verb === undefined || group === undefined || resource === undefined) continue
    const [main = resource, subresource] = resource.split('/')
    return {
      verb,
      group,
      resource: main,
      ...(subresource === undefined ? {} : { subresource }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(name === undefined ? {} : { name }),
    }
  }
  return undefined
}

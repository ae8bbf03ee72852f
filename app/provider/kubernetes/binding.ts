import type { KubernetesPlace, KubernetesRole, KubernetesSubject } from '../../grant/grantable/kubernetes.ts'
import type { Observation } from '../port.ts'

export const rbac = 'rbac.authorization.k8s.io'

/** What every object of ours carries (Kubernetes API conventions, "Metadata"). */
export type Metadata = {
  readonly name?: string
  readonly namespace?: string
  readonly uid?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

type Subject = {
  readonly kind: string
  readonly name: string
  readonly namespace?: string
  readonly apiGroup?: string
}

/** A RoleBinding or ClusterRoleBinding as the API server gives it. */
export type RbacBinding = {
  readonly kind?: string
  readonly metadata?: Metadata
  readonly roleRef?: { readonly kind?: string; readonly name?: string }
  readonly subjects?: readonly Subject[]
}

/** One binding of ours; `endsAt` in epoch milliseconds. */
export type Wanted = {
  readonly place: KubernetesPlace
  readonly role: KubernetesRole
  readonly subject: KubernetesSubject
  readonly metadata: Metadata & { readonly name: string }
}

export const labels = { instance: 'gitsudo.dev/instance', request: 'gitsudo.dev/request' } as const
export const annotations = { expiresAt: 'gitsudo.dev/expires-at', user: 'gitsudo.dev/user' } as const

export const bindingOf = ({ place, role, subject, metadata }: Wanted) => ({
  apiVersion: `${rbac}/v1`,
  kind: place.namespace === undefined ? 'ClusterRoleBinding' : 'RoleBinding',
  metadata: { ...metadata, ...(place.namespace === undefined ? {} : { namespace: place.namespace }) },
  roleRef: { apiGroup: rbac, ...role },
  subjects: [subject.kind === 'User' ? { apiGroup: rbac, ...subject } : subject],
})

/** Where somebody rewrote it into what we cannot read, it ends at no time we know: the last one there is. */
const never = 8.64e15

/** When a binding ends, epoch milliseconds. */
export const expiryOf = ({ metadata }: RbacBinding): number => {
  const at = Date.parse(metadata?.annotations?.[annotations.expiresAt] ?? '')
  return Number.isNaN(at) ? never : at
}

/** @param wanted undefined: no binding of this name could be a grant's */
export const seen = (
  binding: RbacBinding,
  cluster: string,
  wanted: Wanted | undefined,
): Extract<Observation, { readonly kind: 'present' }> => ({
  kind: 'present',
  handle: handleOf(binding, cluster),
  expiresAt: expiryOf(binding),
  ...differing(binding, wanted),
})

export const handleOf = ({ metadata }: RbacBinding, cluster: string): string =>
  [cluster, metadata?.namespace, metadata?.name].filter((part) => part !== undefined).join('/')

/** In what, besides its end, a binding is not the one that is wanted. */
export const differing = (
  { roleRef, subjects = [], metadata }: RbacBinding,
  wanted: Wanted | undefined,
): { readonly differs?: string } => {
  const who = subjects.map(textOf)
  const gives = `${who.join(', ') || 'nobody'} has ${roleText(roleRef)}`
  if (wanted === undefined || !isRole(roleRef, wanted)) return { differs: gives }
  if (who.length !== 1 || who[0] !== textOf(wanted.subject)) return { differs: gives }
  return holds(metadata?.labels, wanted.metadata.labels)
    ? {}
    : { differs: `${gives}, without the labels that the reaper goes by` }
}

/** Whether it gives exactly what is wanted, and says so. */
export const isWhole = (binding: RbacBinding, wanted: Wanted): boolean =>
  differing(binding, wanted).differs === undefined &&
  holds(binding.metadata?.annotations, wanted.metadata.annotations)

/** The same binding with no more in it than is wanted; undefined: it is another altogether. */
export const narrowed = (binding: RbacBinding, wanted: Wanted): RbacBinding | undefined => {
  const { subject, metadata } = wanted
  if (!isRole(binding.roleRef, wanted)) return undefined
  const subjects = (binding.subjects ?? []).filter((one) => textOf(one) === textOf(subject)).slice(0, 1)
  if (subjects.length === 0) return undefined
  const endsAt = Math.min(expiryOf(binding), expiryOf({ metadata }))
  const end = { [annotations.expiresAt]: new Date(endsAt).toISOString() }
  return {
    ...binding,
    subjects,
    metadata: {
      ...binding.metadata,
      labels: { ...binding.metadata?.labels, ...metadata.labels },
      annotations: { ...binding.metadata?.annotations, ...metadata.annotations, ...end },
    },
  }
}

/** A role as intents name it. */
export const roleText = ({ kind, name = '' }: RbacBinding['roleRef'] = {}): string =>
  kind === 'Role' ? `Role/${name}` : name

const isRole = (roleRef: RbacBinding['roleRef'], { role }: Wanted): boolean =>
  roleRef?.kind === role.kind && roleRef.name === role.name

/** A subject as intents name it. */
export const textOf = ({ kind, namespace, name }: Omit<Subject, 'apiGroup'>): string =>
  kind === 'User' ? name : `${kind.toLowerCase()}:${namespace === undefined ? '' : `${namespace}/`}${name}`

const holds = (
  there: Readonly<Record<string, string>> | undefined,
  wanted: Readonly<Record<string, string>> = {},
): boolean => Object.entries(wanted).every(([name, value]) => there?.[name] === value)

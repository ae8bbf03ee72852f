import { randomUUID } from 'node:crypto'
import { badRequest, conflicting, invalid, notFound, taken } from './status.ts'

export type Metadata = {
  readonly name: string
  readonly namespace?: string
  readonly uid: string
  readonly resourceVersion: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly managedFields?: readonly unknown[]
}
export type Stored = Readonly<Record<string, unknown>> & { readonly metadata: Metadata }

/** A kind of object that the double keeps. */
export type Resource = {
  readonly group: string
  readonly plural: string
  readonly kind: string
  readonly namespaced: boolean
}

const rbac = 'rbac.authorization.k8s.io'
export const resources: readonly Resource[] = [
  { group: '', plural: 'namespaces', kind: 'Namespace', namespaced: false },
  { group: '', plural: 'secrets', kind: 'Secret', namespaced: true },
  { group: '', plural: 'serviceaccounts', kind: 'ServiceAccount', namespaced: true },
  { group: rbac, plural: 'clusterroles', kind: 'ClusterRole', namespaced: false },
  { group: rbac, plural: 'clusterrolebindings', kind: 'ClusterRoleBinding', namespaced: false },
  { group: rbac, plural: 'roles', kind: 'Role', namespaced: true },
  { group: rbac, plural: 'rolebindings', kind: 'RoleBinding', namespaced: true },
]

export const called = (plural: string): Resource => {
  const found = resources.find((one) => one.plural === plural)
  if (found === undefined) throw new Error(`the double keeps no ${plural}`)
  return found
}

const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/
const subdomain = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/
/** apimachinery, `IsQualifiedName` and `IsValidLabelValue`. */
const qualifiedName =
  /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/
const labelValue = /^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/

type Shown = { readonly object: Stored | undefined; readonly at: number }

/** Objects by kind, namespace and name, with versions; every write is checked as the API server checks it. */
export const createObjects = (clock: { now(): number }) => {
  const stored = new Map<string, Stored>()
  /** What each key showed before its last write. */
  const before = new Map<string, Shown>()
  let version = 100

  const keyOf = ({ plural }: Resource, namespace: string | undefined, name: string): string =>
    `${plural}/${namespace ?? ''}/${name}`
  /** As a read that lags by `lagMs` shows it. */
  const shown = (key: string, lagMs: number): Stored | undefined => {
    const last = before.get(key)
    return last !== undefined && clock.now() < last.at + lagMs ? last.object : stored.get(key)
  }
  const put = (key: string, object: Stored | undefined): void => {
    before.set(key, { object: stored.get(key), at: clock.now() })
    if (object === undefined) stored.delete(key)
    else stored.set(key, object)
  }

  const mustHave = (namespace: string | undefined): void => {
    if (namespace !== undefined && !stored.has(`namespaces//${namespace}`))
      throw notFound('namespaces', '', namespace)
  }

  return {
    find: (resource: Resource, namespace: string | undefined, name: string, lagMs = 0): Stored | undefined =>
      shown(keyOf(resource, namespace, name), lagMs),
    all: ({ plural }: Resource, namespace?: string, lagMs = 0): readonly Stored[] =>
      (lagMs === 0 ? [...stored.keys()] : [...new Set([...stored.keys(), ...before.keys()])])
        .filter((key) => key.startsWith(`${plural}/${namespace === undefined ? '' : `${namespace}/`}`))
        .flatMap((key) => shown(key, lagMs) ?? []),

    /** @throws StatusError where there is no such namespace */
    mustHave,

    /** @param dry checked, and not kept */
    create(
      resource: Resource,
      namespace: string | undefined,
      given: unknown,
      manager: string,
      dry = false,
    ): Stored {
      const object = checked(resource, namespace, given)
      const { name } = object.metadata
      mustHave(namespace)
      const key = keyOf(resource, namespace, name)
      if (stored.has(key)) throw taken(resource.plural, resource.group, name)
      version++
      const metadata = {
        ...object.metadata,
        ...(namespace === undefined ? {} : { namespace }),
        uid: randomUUID(),
        resourceVersion: String(version),
        creationTimestamp: new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
        managedFields: [{ manager, operation: 'Update' }],
      }
      const made = { ...object, metadata }
      if (!dry) put(key, made)
      return made
    },

    replace(resource: Resource, namespace: string | undefined, name: string, given: unknown): Stored {
      const key = keyOf(resource, namespace, name)
      const there = stored.get(key)
      if (there === undefined) throw notFound(resource.plural, resource.group, name)
      const object = checked(resource, namespace, given)
      if (object.metadata.name !== name)
        throw badRequest('the name of the object does not match the name on the URL')
      const { resourceVersion } = object.metadata
      if (resourceVersion !== undefined && resourceVersion !== there.metadata.resourceVersion)
        throw conflicting(
          resource.plural,
          name,
          'the object has been modified; please apply your changes to the latest version and try again',
        )
      if (JSON.stringify(sorted(object.roleRef)) !== JSON.stringify(sorted(there.roleRef)))
        throw invalid(resource.kind, name, 'roleRef', 'cannot change roleRef')
      version++
      const made = {
        ...object,
        metadata: { ...there.metadata, ...object.metadata, resourceVersion: String(version) },
      }
      put(key, made)
      return made
    },

    remove(resource: Resource, namespace: string | undefined, name: string, uid?: string): Stored {
      const key = keyOf(resource, namespace, name)
      const there = stored.get(key)
      if (there === undefined) throw notFound(resource.plural, resource.group, name)
      if (uid !== undefined && uid !== there.metadata.uid)
        throw conflicting(
          resource.plural,
          name,
          `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${there.metadata.uid}`,
        )
      put(key, undefined)
      return there
    },
  }
}

export type Objects = ReturnType<typeof createObjects>

type Given = Readonly<Record<string, unknown>> & {
  readonly metadata: { readonly name: string; readonly resourceVersion?: string }
}

const checked = ({ kind, group, plural }: Resource, namespace: string | undefined, given: unknown): Given => {
  if (!isObject(given) || !isObject(given.metadata)) throw badRequest('the object has no metadata')
  if (given.kind !== undefined && given.kind !== kind) throw badRequest(`the object is no ${kind}`)
  const { metadata } = given
  const name = String(metadata.name ?? '')
  if (metadata.namespace !== undefined && metadata.namespace !== namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  const named =
    group === ''
      ? (plural === 'namespaces' ? label : subdomain).test(name)
      : name !== '' && name !== '.' && name !== '..' && !/[/%]/.test(name)
  if (!named) throw invalid(kind, name, 'metadata.name', 'Invalid value')
  for (const [key, value] of Object.entries(isObject(metadata.labels) ? metadata.labels : {}))
    if (!qualifiedName.test(key) || typeof value !== 'string' || !labelValue.test(value))
      throw invalid(kind, name, 'metadata.labels', `Invalid value: "${String(value)}"`)
  for (const [key, value] of Object.entries(isObject(metadata.annotations) ? metadata.annotations : {}))
    if (!qualifiedName.test(key) || typeof value !== 'string')
      throw invalid(kind, name, 'metadata.annotations', `Invalid value: "${key}"`)
  if (kind.endsWith('Binding')) binding(kind, name, given)
  return { ...given, kind, metadata: { ...metadata, name } }
}

/** kubernetes, `pkg/apis/rbac/validation`. */
const binding = (
  kind: string,
  name: string,
  { roleRef, subjects }: Readonly<Record<string, unknown>>,
): void => {
  const refused = (field: string, why: string) => invalid(kind, name, field, why)
  if (!isObject(roleRef) || roleRef.apiGroup !== rbac) throw refused('roleRef.apiGroup', 'Unsupported value')
  const kinds = kind === 'RoleBinding' ? ['Role', 'ClusterRole'] : ['ClusterRole']
  if (!kinds.includes(String(roleRef.kind))) throw refused('roleRef.kind', 'Unsupported value')
  if (typeof roleRef.name !== 'string' || roleRef.name === '' || /[/%]/.test(roleRef.name))
    throw refused('roleRef.name', 'Invalid value')
  for (const subject of Array.isArray(subjects) ? subjects : []) {
    if (!isObject(subject) || typeof subject.name !== 'string' || subject.name === '')
      throw refused('subjects[0].name', 'Required value')
    if (subject.kind === 'ServiceAccount') {
      if (!subdomain.test(subject.name)) throw refused('subjects[0].name', 'Invalid value')
      if (typeof subject.namespace !== 'string' || subject.namespace === '')
        throw refused('subjects[0].namespace', 'Required value')
    } else if (!['User', 'Group'].includes(String(subject.kind)) || subject.apiGroup !== rbac)
      throw refused('subjects[0].kind', 'Unsupported value')
  }
}

const sorted = (value: unknown): unknown =>
  isObject(value) ? Object.entries(value).sort(([one], [other]) => one.localeCompare(other)) : value

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

import type { KubernetesPlace, KubernetesRole } from '../../grant/grantable/kubernetes.ts'
import { isRefusal, ProviderError } from '../port.ts'
import { type RbacBinding, rbac } from './binding.ts'
import { type Connection, createSend } from './connection.ts'
import { AbsentError, classify, silence, TakenError } from './faults.ts'

/** A PolicyRule of a role. */
export type Rule = {
  readonly verbs?: readonly string[]
  readonly apiGroups?: readonly string[]
  readonly resources?: readonly string[]
  readonly resourceNames?: readonly string[]
}

/** What an access review asks about. */
export type Attributes = {
  readonly verb: string
  readonly group: string
  readonly resource: string
  readonly subresource?: string
  readonly namespace?: string
  readonly name?: string
}

/** Who asked and why, in `managedFields` and in the cluster's audit log. */
const manager = 'fieldManager=gitsudo'
const pageSize = 500

const bindingsPath = ({ namespace }: Omit<KubernetesPlace, 'cluster'>): string =>
  namespace === undefined
    ? `/apis/${rbac}/v1/clusterrolebindings`
    : `/apis/${rbac}/v1/namespaces/${namespace}/rolebindings`
const kindOf = ({ namespace }: Omit<KubernetesPlace, 'cluster'>): string =>
  `${namespace === undefined ? 'clusterrolebindings' : 'rolebindings'}.${rbac}`

/** One cluster's API server. Every method throws `ProviderError` only; names are already known to be ones. */
export const createApi = (cluster: string, connection: Connection) => {
  const send = createSend(connection)

  const ask = async <T>(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    permission: string,
    signal: AbortSignal,
    body?: unknown,
    about?: string,
  ): Promise<T> => {
    const name = about ?? path.split('?')[0]?.split('/').at(-1) ?? ''
    const wanted = { cluster, permission, writes: method !== 'GET', name }
    const answer = await send(method, path, body, signal).catch((error: unknown) => {
      throw silence(error, wanted)
    })
    if (answer.status < 200 || answer.status > 299) throw classify(answer, wanted)
    try {
      return JSON.parse(answer.text) as T
    } catch (cause) {
      throw new ProviderError('unknown', `kubernetes: ${cluster} answered what is not JSON`, { cause })
    }
  }
  const unlessAbsent = async <T>(asked: Promise<T>): Promise<T | undefined> => {
    try {
      return await asked
    } catch (error) {
      if (error instanceof AbsentError) return undefined
      throw error
    }
  }

  return {
    binding: (place: KubernetesPlace, name: string, signal: AbortSignal): Promise<RbacBinding | undefined> =>
      unlessAbsent(ask('GET', `${bindingsPath(place)}/${name}`, `get ${kindOf(place)}`, signal)),

    /** @throws TakenError when there is one of that name */
    createBinding: (place: KubernetesPlace, binding: unknown, signal: AbortSignal): Promise<RbacBinding> =>
      ask('POST', `${bindingsPath(place)}?${manager}`, `create ${kindOf(place)}`, signal, binding),

    /**
     * Whether there is such a namespace, without the right to read any: a binding of that role is tried in it, and not made.
     */
    async hasNamespace(namespace: string, role: KubernetesRole, signal: AbortSignal): Promise<boolean> {
      const binding = {
        apiVersion: `${rbac}/v1`,
        kind: 'RoleBinding',
        metadata: { name: 'gitsudo-check', namespace },
        roleRef: { apiGroup: rbac, ...role },
        subjects: [],
      }
      const path = `${bindingsPath({ namespace })}?${manager}&dryRun=All`
      const permission = `create ${kindOf({ namespace })}`
      try {
        await ask('POST', path, permission, signal, binding, namespace)
      } catch (error) {
        if (error instanceof AbsentError) return false
        // Whatever else the API server has against it, it has found the namespace, or says so elsewhere.
        const refused = error instanceof ProviderError && (isRefusal(error) || error instanceof TakenError)
        if (!refused) throw error
      }
      return true
    },

    /** Over the version that it was read as; `conflict` where somebody has written since. */
    replaceBinding: (
      place: KubernetesPlace,
      name: string,
      binding: RbacBinding,
      signal: AbortSignal,
    ): Promise<RbacBinding> =>
      ask('PUT', `${bindingsPath(place)}/${name}?${manager}`, `update ${kindOf(place)}`, signal, binding),

    /** @param uid of the one meant; another under its name is left */
    async deleteBinding(
      place: KubernetesPlace,
      name: string,
      signal: AbortSignal,
      uid?: string,
    ): Promise<void> {
      const body = uid === undefined ? undefined : { preconditions: { uid } }
      const path = `${bindingsPath(place)}/${name}`
      await unlessAbsent(ask('DELETE', path, `delete ${kindOf(place)}`, signal, body))
    },

    /** Every binding, in all namespaces and above them. */
    async bindings(signal: AbortSignal): Promise<readonly RbacBinding[]> {
      const found: RbacBinding[] = []
      for (const resource of ['rolebindings', 'clusterrolebindings']) {
        let next: string | undefined
        do {
          const query = new URLSearchParams({ limit: String(pageSize) })
          if (next !== undefined) query.set('continue', next)
          const page = await ask<{ items?: RbacBinding[]; metadata?: { continue?: string } }>(
            'GET',
            `/apis/${rbac}/v1/${resource}?${query}`,
            `list ${resource}.${rbac}`,
            signal,
          )
          found.push(...(page.items ?? []))
          next = page.metadata?.continue || undefined
        } while (next !== undefined)
      }
      return found
    },

    /** What a role allows; undefined: there is no such role. */
    async rules(
      { kind, name }: KubernetesRole,
      { namespace }: KubernetesPlace,
      signal: AbortSignal,
    ): Promise<readonly Rule[] | undefined> {
      const resource = kind === 'Role' ? 'roles' : 'clusterroles'
      const path =
        kind === 'Role' ? `/apis/${rbac}/v1/namespaces/${namespace}/roles` : `/apis/${rbac}/v1/clusterroles`
      const role = await unlessAbsent(
        ask<{ rules?: readonly Rule[] | null }>('GET', `${path}/${name}`, `get ${resource}.${rbac}`, signal),
      )
      return role === undefined ? undefined : (role.rules ?? [])
    },

    /** Whether somebody may, by what the cluster itself decides. */
    async allows(
      who: { readonly user: string; readonly groups: readonly string[] },
      resourceAttributes: Attributes,
      signal: AbortSignal,
    ): Promise<boolean> {
      const review = await ask<{ status?: { allowed?: boolean } }>(
        'POST',
        '/apis/authorization.k8s.io/v1/subjectaccessreviews',
        'create subjectaccessreviews.authorization.k8s.io',
        signal,
        {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SubjectAccessReview',
          spec: { ...who, resourceAttributes },
        },
      )
      return review.status?.allowed === true
    },

    /** Whether gitsudo itself may. */
    async may(resourceAttributes: Attributes, signal: AbortSignal): Promise<boolean> {
      const review = await ask<{ status?: { allowed?: boolean } }>(
        'POST',
        '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
        'create selfsubjectaccessreviews.authorization.k8s.io',
        signal,
        {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SelfSubjectAccessReview',
          spec: { resourceAttributes },
        },
      )
      return review.status?.allowed === true
    },

    /** @throws TakenError when there is one of that name */
    createSecret: (namespace: string, secret: unknown, signal: AbortSignal): Promise<unknown> =>
      ask('POST', `/api/v1/namespaces/${namespace}/secrets?${manager}`, 'create secrets', signal, secret),

    /** Whether there was one. */
    async deleteSecret(namespace: string, name: string, signal: AbortSignal): Promise<boolean> {
      const path = `/api/v1/namespaces/${namespace}/secrets/${name}`
      return (await unlessAbsent(ask('DELETE', path, 'delete secrets', signal))) !== undefined
    },

    token: (
      { namespace, name }: { readonly namespace: string; readonly name: string },
      spec: unknown,
      signal: AbortSignal,
    ): Promise<{ readonly status?: { readonly token?: string; readonly expirationTimestamp?: string } }> =>
      ask(
        'POST',
        `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
        'create serviceaccounts/token',
        signal,
        { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec },
      ),
  }
}

export type Api = ReturnType<typeof createApi>

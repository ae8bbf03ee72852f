import {
  ApiException,
  AuthorizationV1Api,
  CoreV1Api,
  KubeConfig,
  RbacAuthorizationV1Api,
  type V1RoleBinding,
} from '@kubernetes/client-node'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type LocalKubernetes, startKubernetes } from '../../app/sandbox/clouds/kubernetes/start.ts'
import { memoryClock } from '../support/memory/clock.ts'

/** The double, met by Kubernetes' own client. */
let clock: ReturnType<typeof memoryClock>
let cluster: LocalKubernetes
beforeEach(async () => {
  clock = memoryClock()
  cluster = await startKubernetes({ clock })
  for (const name of ['checkout', 'people'])
    cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  cluster.apply({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'view' },
    rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }],
  })
})
afterEach(() => cluster.close())

const as = (token: string) => {
  const config = new KubeConfig()
  config.loadFromClusterAndUser(
    { name: 'double', server: cluster.url, skipTLSVerify: true },
    { name: 'me', token },
  )
  return {
    rbac: config.makeApiClient(RbacAuthorizationV1Api),
    core: config.makeApiClient(CoreV1Api),
    authorization: config.makeApiClient(AuthorizationV1Api),
  }
}
const admin = () => as(cluster.tokenOf('admin', ['system:masters']))
const group = 'rbac.authorization.k8s.io'
const binding = (name: string, change: Partial<V1RoleBinding> = {}): V1RoleBinding => ({
  metadata: { name, labels: { team: 'a' } },
  apiVersion: `${group}/v1`,
  kind: 'RoleBinding',
  roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'view' },
  subjects: [{ apiGroup: group, kind: 'User', name: 'alice' }],
  ...change,
})
const refusal = async (work: Promise<unknown>) => {
  const error: unknown = await work.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  )
  if (!(error instanceof ApiException)) throw error
  // What 401 says, the client keeps to itself.
  if (error.code === 401) return '401'
  const { reason } = JSON.parse(String(error.body)) as { readonly reason: string }
  return `${error.code} ${reason}`
}
const namespace = 'checkout'
const pods = { verb: 'get', group: '', resource: 'pods', namespace }

test('bindings are made, read, listed page by page, replaced and deleted', async () => {
  const { rbac } = admin()
  const made = await rbac.createNamespacedRoleBinding({
    namespace,
    body: binding('one'),
    fieldManager: 'test',
  })
  expect(made.metadata).toMatchObject({ name: 'one', namespace, managedFields: [{ manager: 'test' }] })
  for (const name of ['two', 'three'])
    await rbac.createNamespacedRoleBinding({ namespace, body: binding(name) })
  const first = await rbac.listRoleBindingForAllNamespaces({ labelSelector: 'team=a', limit: 2 })
  const { _continue } = first.metadata ?? {}
  if (_continue === undefined) throw new Error('one page')
  const rest = await rbac.listRoleBindingForAllNamespaces({ labelSelector: 'team=a', limit: 2, _continue })
  expect([...first.items, ...rest.items].map(({ metadata }) => metadata?.name)).toEqual([
    'one',
    'two',
    'three',
  ])
  expect((await rbac.listRoleBindingForAllNamespaces({ labelSelector: 'team=b' })).items).toEqual([])
  const named = { namespace, name: 'one' }
  const old = await rbac.readNamespacedRoleBinding(named)
  await rbac.replaceNamespacedRoleBinding({ ...named, body: { ...old, subjects: [] } })
  expect(await refusal(rbac.replaceNamespacedRoleBinding({ ...named, body: old }))).toBe('409 Conflict')
  const fresh = await rbac.readNamespacedRoleBinding(named)
  const roleRef = { ...old.roleRef, name: 'edit' }
  expect(await refusal(rbac.replaceNamespacedRoleBinding({ ...named, body: { ...fresh, roleRef } }))).toBe(
    '422 Invalid',
  )
  const body = { preconditions: { uid: 'another' } }
  expect(await refusal(rbac.deleteNamespacedRoleBinding({ ...named, body }))).toBe('409 Conflict')
  await rbac.deleteNamespacedRoleBinding(named)
  expect(await refusal(rbac.readNamespacedRoleBinding(named))).toBe('404 NotFound')
})

test.each([
  ['a name twice', binding('there'), '409 AlreadyExists'],
  ['a name with a slash', binding('a/b'), '422 Invalid'],
  [
    'a long label',
    binding('x', { metadata: { name: 'x', labels: { team: 'a'.repeat(64) } } }),
    '422 Invalid',
  ],
  [
    'a user without his group',
    binding('x', { subjects: [{ kind: 'User', name: 'alice', apiGroup: 'other' }] }),
    '422 Invalid',
  ],
  [
    'an account without its namespace',
    binding('x', { subjects: [{ kind: 'ServiceAccount', name: 'alice' }] }),
    '422 Invalid',
  ],
  [
    'a role of no kind',
    binding('x', { roleRef: { apiGroup: group, kind: 'Group', name: 'view' } }),
    '422 Invalid',
  ],
])('refuses %s', async (_, body, expected) => {
  const { rbac } = admin()
  await rbac.createNamespacedRoleBinding({ namespace, body: binding('there') })
  expect(await refusal(rbac.createNamespacedRoleBinding({ namespace, body }))).toBe(expected)
})

test('a namespace that is not there is not found', async () => {
  const made = admin().rbac.createNamespacedRoleBinding({ namespace: 'gone', body: binding('x') })
  expect(await refusal(made)).toBe('404 NotFound')
})

test('whoever is nobody, may not, or would give more than he has, is refused', async () => {
  expect(await refusal(as('nothing').rbac.listClusterRole())).toBe('401')
  const { rbac, authorization } = as(cluster.tokenOf('bob'))
  const give = () => rbac.createNamespacedRoleBinding({ namespace, body: binding('mine') })
  expect(await refusal(give())).toBe('403 Forbidden')
  const role = (name: string, rules: readonly object[]) => {
    cluster.apply({ apiVersion: `${group}/v1`, kind: 'ClusterRole', metadata: { name }, rules })
    cluster.apply({
      apiVersion: `${group}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup: group, kind: 'ClusterRole', name },
      subjects: [{ apiGroup: group, kind: 'User', name: 'bob' }],
    })
  }
  role('binder', [{ verbs: ['create'], apiGroups: [group], resources: ['rolebindings'] }])
  await expect(give()).rejects.toThrow('attempting to grant RBAC permissions not currently held')
  role('bind-view', [
    { verbs: ['bind'], apiGroups: [group], resources: ['clusterroles'], resourceNames: ['view'] },
  ])
  expect(cluster.getsIn({ user: 'alice', groups: [] }, pods)).toBe(false)
  await give()
  expect(cluster.getsIn({ user: 'alice', groups: [] }, pods)).toBe(true)
  const may = async (resource: string) =>
    (
      await authorization.createSelfSubjectAccessReview({
        body: { spec: { resourceAttributes: { verb: 'create', group, resource } } },
      })
    ).status?.allowed
  expect([await may('rolebindings'), await may('roles')]).toEqual([true, false])
  const review = { spec: { user: 'alice', resourceAttributes: pods } }
  expect((await admin().authorization.createSubjectAccessReview({ body: review })).status?.allowed).toBe(true)
  expect(await refusal(authorization.createSubjectAccessReview({ body: review }))).toBe('403 Forbidden')
})

test('a token dies at its time, and with the Secret that it is bound to', async () => {
  const { core } = admin()
  cluster.apply({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'alice', namespace: 'people' },
  })
  const account = { namespace: 'people', name: 'alice' }
  const request = (expirationSeconds: number, secret?: string) =>
    core.createNamespacedServiceAccountToken({
      ...account,
      body: {
        spec: {
          audiences: [],
          expirationSeconds,
          ...(secret === undefined
            ? {}
            : { boundObjectRef: { kind: 'Secret', apiVersion: 'v1', name: secret } }),
        },
      },
    })
  expect(await refusal(request(599))).toBe('422 Invalid')
  expect(await refusal(request(600, 'gone'))).toBe('404 NotFound')
  await core.createNamespacedSecret({ namespace: 'people', body: { metadata: { name: 'grant' } } })
  const [free, bound] = [await request(600), await request(600, 'grant')]
  const tokens = [free, bound].map(({ status }) => status?.token ?? '')
  const everybody = binding('accounts', {
    subjects: [{ kind: 'ServiceAccount', name: 'alice', namespace: 'people' }],
  })
  await admin().rbac.createNamespacedRoleBinding({ namespace, body: everybody })
  const letIn = () => tokens.map((token) => cluster.getsInBy(token, pods))
  expect(letIn()).toEqual([true, true])
  await core.deleteNamespacedSecret({ namespace: 'people', name: 'grant' })
  expect(letIn()).toEqual([true, false])
  clock.advance(600_000)
  expect(letIn()).toEqual([false, false])
})

import { readFileSync } from 'node:fs'
import { loadAll } from 'js-yaml'
import type { Intent } from '../../app/grant/intent.ts'
import { boundCalls } from '../../app/provider/calls.ts'
import { createKubernetes } from '../../app/provider/kubernetes/kubernetes.ts'
import { limitCalls } from '../../app/provider/limits.ts'
import type { Offer } from '../../app/provider/offer.ts'
import type { Call, Provider } from '../../app/provider/port.ts'
import { startKubernetes } from '../../app/sandbox/clouds/kubernetes/start.ts'
import { memoryClock } from './memory/clock.ts'
import { anIntent } from './memory/intent.ts'
import { memoryLog } from './memory/log.ts'

export type Manifest = Readonly<Record<string, unknown>> & { readonly kind: string }
type Clusters = Parameters<typeof createKubernetes>[0]['clusters']

/** The objects of a manifest that we ship. */
export const shipped = (name: 'rbac' | 'tokens' | 'reaper'): readonly Manifest[] =>
  loadAll(
    readFileSync(new URL(`../../deploy/kubernetes/${name}.yaml`, import.meta.url), 'utf8'),
  ) as Manifest[]

const rbac = 'rbac.authorization.k8s.io'
export const longestName = { role: `r${'x'.repeat(252)}`, namespace: `n${'x'.repeat(62)}` }

/** What the tests need besides what we ship: two roles to give, one of them with a long name, and people. */
export const fixtures: readonly Manifest[] = [
  ...['checkout', longestName.namespace].map((name) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name },
  })),
  {
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRole',
    metadata: { name: longestName.role },
    rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }],
  },
  {
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRole',
    metadata: { name: 'gitsudo-tests' },
    rules: [
      {
        verbs: ['bind', 'get'],
        apiGroups: [rbac],
        resources: ['clusterroles'],
        resourceNames: [longestName.role],
      },
    ],
  },
  {
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'gitsudo-tests' },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'gitsudo-tests' },
    subjects: [{ kind: 'ServiceAccount', name: 'gitsudo', namespace: 'gitsudo' }],
  },
  ...[1, 2, 3].map((number) => ({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: `person-${number}`, namespace: 'people' },
  })),
]

/** Our double of a cluster `production` with what we ship applied, and providers on it. */
export const kubernetesWorld = async () => {
  const clock = memoryClock()
  const cluster = await startKubernetes({ clock, propagationMs: 60_000 })
  for (const object of [...shipped('rbac'), ...shipped('tokens'), ...fixtures]) cluster.apply(object)
  // As every cluster has it.
  for (const name of ['view', 'edit'])
    cluster.apply({
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRole',
      metadata: { name },
      rules: [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['pods', 'pods/log'] }],
    })
  clock.advance(600_000)
  const token = cluster.tokenOf('system:serviceaccount:gitsudo:gitsudo', [
    'system:serviceaccounts',
    'system:serviceaccounts:gitsudo',
  ])
  const production = { name: 'production', connection: { server: cluster.url, token: { text: token } } }
  const withTokens = { ...production, tokens: { namespace: 'people', server: cluster.url } }
  const offers: Offer[] = []
  return {
    cluster,
    /** What roles.yaml offers. */
    offers,
    clock,
    production,
    withTokens,
    /** A second one, `staging`, with the namespace and the role that intents name. Its caller closes it. */
    async anotherCluster() {
      const other = await startKubernetes({ clock })
      other.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'checkout' } })
      other.apply({ apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: { name: 'view' }, rules: [] })
      const text = other.tokenOf('gitsudo', ['system:masters'])
      return { other, staging: { name: 'staging', connection: { server: other.url, token: { text } } } }
    },
    provider: (instance = 'ours', clusters: Clusters = [production]): Provider =>
      boundCalls(limitCalls(createKubernetes({ clusters, instance, clock, offered: async () => offers })), {
        clock,
        log: memoryLog(),
      }),
    intent: (number: number, change: Partial<Intent> = {}): Intent =>
      kubernetesIntent(number, clock.now(), change),
    call: (ms = 10_000): Call => ({ deadline: clock.now() + ms, signal: AbortSignal.timeout(ms) }),
    getsIn: ({ principal, scope }: Intent): boolean => {
      const [, namespace] = scope.split('/')
      const [, of, name] = /^serviceaccount:(.+)\/(.+)$/.exec(principal) ?? []
      return cluster.getsIn(
        {
          user: of === undefined ? principal : `system:serviceaccount:${of}:${name}`,
          groups: ['system:authenticated'],
        },
        { ...getPods, ...(namespace === undefined ? {} : { namespace }) },
      )
    },
  }
}

/** What the role `view` allows, among much else. */
export const getPods = { verb: 'get', group: '', resource: 'pods' } as const

export const kubernetesIntent = (number: number, now: number, change: Partial<Intent> = {}): Intent =>
  anIntent(number, now, {
    provider: 'kubernetes',
    principal: `person-${number}@example.com`,
    role: 'viewer',
    cloudRole: 'view',
    scope: 'production/checkout',
    ...change,
  })

/** What no cluster must be asked for. */
export const hostileToKubernetes: readonly Partial<Intent>[] = [
  { cloudRole: '' },
  { cloudRole: 'view\nedit' },
  { cloudRole: 'view/../edit' },
  { cloudRole: 'Role/a/b' },
  { cloudRole: '..' },
  { cloudRole: 'r'.repeat(254) },
  { scope: '*' },
  { scope: 'production/' },
  { scope: 'production/checkout/../kube-system' },
  { scope: 'production/checkout?dryRun=All' },
  { scope: 'production/Checkout' },
  { principal: '' },
  { principal: 'system:masters' },
  { principal: 'user:system:admin' },
  { principal: 'group:everyone' },
  { principal: 'alice\u202e@example.com' },
]

export const longestToKubernetes = (people: 'users' | 'service accounts'): Partial<Intent> => ({
  scope: `production/${longestName.namespace}`,
  cloudRole: longestName.role,
  principal: people === 'users' ? `user:${'a'.repeat(256)}` : `serviceaccount:people/${'a'.repeat(253)}`,
})

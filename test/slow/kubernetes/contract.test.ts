import type { V1RoleBinding } from '@kubernetes/client-node'
import { afterAll, beforeAll } from 'vitest'
import type { Intent } from '../../../app/grant/intent.ts'
import { boundCalls } from '../../../app/provider/calls.ts'
import { createKubernetes } from '../../../app/provider/kubernetes/kubernetes.ts'
import { limitCalls } from '../../../app/provider/limits.ts'
import type { Provider } from '../../../app/provider/port.ts'
import { until } from '../../../app/sandbox/until.ts'
import { type RealCluster, startCluster } from '../../kubernetes/cluster.ts'
import { startProxy } from '../../kubernetes/proxy.ts'
import { describeProvider, type Harness } from '../../provider/contract.ts'
import {
  hostileToKubernetes,
  kubernetesIntent,
  longestName,
  longestToKubernetes,
} from '../../support/kubernetes.ts'
import { memoryClock } from '../../support/memory/clock.ts'
import { memoryLog } from '../../support/memory/log.ts'

const group = 'rbac.authorization.k8s.io'
const namespace = 'checkout'
const verbs: Readonly<Record<string, string>> = { inspect: 'get', remove: 'delete' }

let cluster: RealCluster
let gitsudo: string
beforeAll(async () => {
  cluster = await startCluster()
  gitsudo = await cluster.tokenOf('gitsudo', 'gitsudo')
}, 2_400_000)
afterAll(() => cluster?.close())

/** The suite that our double passes, on the real one. */
const harness = (people: 'users' | 'service accounts') => async (): Promise<Harness> => {
  const clock = memoryClock(Date.now())
  const proxy = await startProxy(cluster.server, cluster.ca, { now: clock.now, ms: 60_000 })
  const { rbac, core, authorization } = cluster.admin
  const planned: { readonly on: readonly string[]; begin(): Promise<() => unknown> }[] = []
  const meeting = async <T>(call: string, work: () => Promise<T>): Promise<T> => {
    const at = planned.findIndex(({ on }) => on.includes(call))
    const end = at < 0 ? undefined : await planned.splice(at, 1)[0]?.begin()
    try {
      return await work()
    } finally {
      await end?.()
    }
  }
  const tokens = { namespace: 'people', server: cluster.server }
  const process = (instance: string): Provider => {
    const options = {
      name: 'production',
      connection: { server: proxy.url, token: { text: gitsudo } },
      ...(people === 'users' ? {} : { tokens }),
    }
    const offered = async () => [{ cloudRole: 'view', scope: 'production/checkout', seconds: 3600 }]
    const cloud = boundCalls(
      limitCalls(createKubernetes({ clusters: [options], instance, clock, offered })),
      {
        clock,
        log: memoryLog(),
      },
    )
    const { cutBack, discard } = cloud
    return {
      ...cloud,
      ...(cutBack && { cutBack: (given, call) => meeting('cutBack', () => cutBack(given, call)) }),
      ...(discard && { discard: (given, call) => meeting('discard', () => discard(given, call)) }),
      inspect: (given, call) => meeting('inspect', () => cloud.inspect(given, call)),
      ensure: (given, call) => meeting('ensure', () => cloud.ensure(given, call)),
      remove: (given, call) => meeting('remove', () => cloud.remove(given, call)),
      list: (call, intents) => meeting('list', () => cloud.list(call, intents)),
      check: (call) => meeting('check', () => cloud.check(call)),
    }
  }
  const provider = process('ours')

  const allowed = async (user: string): Promise<boolean> => {
    const resourceAttributes = { verb: 'get', group: '', resource: 'pods', namespace }
    const body = { spec: { user, groups: ['system:authenticated'], resourceAttributes } }
    return (await authorization.createSubjectAccessReview({ body })).status?.allowed === true
  }
  /** The authorizer learns of bindings in their order: once it knows of this one, it knows of all before it. */
  const caughtUp = async (): Promise<void> => {
    const name = `marker-${markers++}`
    const body: V1RoleBinding = {
      metadata: { name },
      roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'User', apiGroup: group, name }],
    }
    await rbac.createNamespacedRoleBinding({ namespace, body })
    await until('the authorizer', () => allowed(name))
    await rbac.deleteNamespacedRoleBinding({ namespace, name })
  }
  let known = -1
  const edit = async (given: Intent, change: (binding: V1RoleBinding) => void): Promise<void> => {
    const name = nameOf(given)
    const body = await rbac.readNamespacedRoleBinding({ namespace, name })
    change(body)
    await rbac.replaceNamespacedRoleBinding({ namespace, name, body })
    known = -1
  }
  const nameOf = (given: Intent): string => provider.bindingKey(given).split('/').at(-1) ?? ''
  const withdraw = async (verb: string): Promise<() => Promise<void>> => {
    const change = async (away: boolean): Promise<void> => {
      const role = await rbac.readClusterRole({ name: 'gitsudo' })
      const [rule] = role.rules ?? []
      if (rule === undefined) throw new Error('no rule')
      rule.verbs = away ? rule.verbs.filter((one) => one !== verb) : [...rule.verbs, verb]
      await rbac.replaceClusterRole({ name: 'gitsudo', body: role })
      const user = 'system:serviceaccount:gitsudo:gitsudo'
      const resourceAttributes = { verb, group, resource: 'rolebindings', namespace }
      await until('the authorizer', async () => {
        const answer = await authorization.createSubjectAccessReview({
          body: { spec: { user, resourceAttributes } },
        })
        return (answer.status?.allowed === true) !== away
      })
    }
    await change(true)
    return () => change(false)
  }

  return {
    provider,
    restart: () => process('ours'),
    stranger: () => process('theirs'),
    intent: (number, change) =>
      kubernetesIntent(number, clock.now(), {
        ...(people === 'users' ? {} : { principal: `serviceaccount:people/person-${number}` }),
        ...change,
      }),
    now: clock.now,
    advance: clock.advance,
    getsIn: async ({ principal }) => {
      if (proxy.writes() !== known) await caughtUp()
      known = proxy.writes()
      return allowed(principal.replace(/^serviceaccount:(.*)\//, 'system:serviceaccount:$1:'))
    },
    endsByItself: false,
    meet: (trouble, ...on) =>
      planned.push({
        on,
        async begin() {
          switch (trouble) {
            case 'forbidden':
              return withdraw(verbs[on[0] ?? ''] ?? 'create')
            case 'lost':
              return proxy.faults.plan({ answer: 'reset', on: ['POST', 'DELETE'] })
            case 'stale':
              return proxy.faults.plan({ answer: 'stale', on: ['GET'] })
            default:
              return proxy.faults.plan({ answer: trouble })
          }
        },
      }),
    async deleteBehind(given) {
      await rbac.deleteNamespacedRoleBinding({ namespace, name: nameOf(given) })
      known = -1
    },
    extendBehind: (given, expiresAt) =>
      edit(given, ({ metadata }) => {
        const end = { 'gitsudo.dev/expires-at': new Date(expiresAt).toISOString() }
        if (metadata !== undefined) metadata.annotations = { ...metadata.annotations, ...end }
      }),
    alterBehind: (given) =>
      edit(given, (binding) => {
        binding.subjects = [
          ...(binding.subjects ?? []),
          { kind: 'User', apiGroup: group, name: 'mallory@example.com' },
        ]
      }),
    hostile: hostileToKubernetes,
    longest: longestToKubernetes(people),
    permission: `create rolebindings.${group}`,
    async dispose() {
      const labelSelector = 'gitsudo.dev/request'
      for (const one of [namespace, longestName.namespace])
        await rbac.deleteCollectionNamespacedRoleBinding({ namespace: one, labelSelector })
      await core.deleteCollectionNamespacedSecret({ namespace: 'people', labelSelector })
      await proxy.close()
    },
  }
}
let markers = 0

describeProvider('kubernetes, the real one', harness('users'))
describeProvider('kubernetes, the real one, with tokens', harness('service accounts'))

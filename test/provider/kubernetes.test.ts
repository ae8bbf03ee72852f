import type { Intent } from '../../app/grant/intent.ts'
import type { Provider } from '../../app/provider/port.ts'
import type { Stored } from '../../app/sandbox/clouds/kubernetes/objects.ts'
import { hostileToKubernetes, kubernetesWorld, longestToKubernetes } from '../support/kubernetes.ts'
import { describeProvider, type Harness } from './contract.ts'

const rolebindings = 'rolebindings.rbac.authorization.k8s.io'
const mallory = { kind: 'User', name: 'mallory@example.com', apiGroup: 'rbac.authorization.k8s.io' }
const verbs: Readonly<Record<string, string>> = { inspect: 'get', remove: 'delete' }

const harness = (people: 'users' | 'service accounts') => async (): Promise<Harness> => {
  const { cluster, clock, production, withTokens, getsIn, ...w } = await kubernetesWorld()
  const { other, staging } = await w.anotherCluster()
  /** What a call meets, whatever it does until it ends. */
  const planned: { readonly on: readonly string[]; begin(): () => void }[] = []
  const meeting = async <T>(call: string, work: () => Promise<T>): Promise<T> => {
    const at = planned.findIndex(({ on }) => on.includes(call))
    const end = at < 0 ? undefined : planned.splice(at, 1)[0]?.begin()
    try {
      return await work()
    } finally {
      end?.()
    }
  }
  const process = (instance: string): Provider => {
    const cloud = w.provider(instance, [people === 'users' ? production : withTokens, staging])
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
  const edit = (given: Intent, change: (binding: Stored) => unknown): void =>
    cluster.edit('RoleBinding', 'checkout', provider.bindingKey(given).split('/').at(-1) ?? '', change)
  const person = (number: number) =>
    people === 'users' ? {} : { principal: `serviceaccount:people/person-${number}` }
  return {
    provider,
    restart: () => process('ours'),
    stranger: () => process('theirs'),
    intent: (number, change) => w.intent(number, { ...person(number), ...change }),
    now: clock.now,
    advance: clock.advance,
    getsIn: async (given) => getsIn(given),
    endsByItself: false,
    meet: (trouble, ...on) =>
      planned.push({
        on,
        begin() {
          switch (trouble) {
            case 'forbidden': {
              const permission = `${verbs[on[0] ?? ''] ?? 'create'} ${rolebindings}`
              cluster.withdraw(permission)
              return () => cluster.giveBack(permission)
            }
            case 'lost':
              return cluster.faults.plan({ answer: 'reset', on: ['POST', 'DELETE'] })
            case 'stale':
              return cluster.faults.plan({ answer: 'stale', on: ['GET'] })
            default:
              return cluster.faults.plan({ answer: trouble })
          }
        },
      }),
    deleteBehind: async (given) => edit(given, () => undefined),
    extendBehind: async (given, expiresAt) =>
      edit(given, ({ metadata, ...rest }) => {
        const end = { 'gitsudo.dev/expires-at': new Date(expiresAt).toISOString() }
        return { ...rest, metadata: { ...metadata, annotations: { ...metadata.annotations, ...end } } }
      }),
    alterBehind: async (given) =>
      edit(given, ({ subjects, ...rest }) => ({ ...rest, subjects: [...(subjects as object[]), mallory] })),
    elsewhere: {
      scope: 'staging/checkout',
      away: () => other.faults.plan({ answer: 'unavailable' }),
    },
    hostile: hostileToKubernetes,
    longest: longestToKubernetes(people),
    permission: `create ${rolebindings}`,
    dispose: async () => {
      await Promise.all([cluster.close(), other.close()])
    },
  }
}

describeProvider('kubernetes', harness('users'))
describeProvider('kubernetes with tokens', harness('service accounts'))

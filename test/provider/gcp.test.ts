import type { Intent } from '../../app/grant/intent.ts'
import type { Provider } from '../../app/provider/port.ts'
import type { Binding as GcpBinding } from '../../app/sandbox/clouds/gcp/policy.ts'
import { gcpWorld } from '../support/gcp.ts'
import { describeProvider, type Harness } from './contract.ts'

const longest = `projects/a${'2'.repeat(29)}`

const harness = async (): Promise<Harness> => {
  const { gcp, clock, intent, getsIn, provider: made } = await gcpWorld()
  const scope = 'projects/example-prod'
  gcp.addResource(longest, 'organizations/42')
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
    const cloud = made(instance)
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
  const isOf = (given: Intent, { condition }: GcpBinding): boolean =>
    provider.bindingKey(given) === `${given.scope} ${condition?.title}`
  const alter = (given: Intent, change: (one: GcpBinding) => GcpBinding): void =>
    gcp.edit(scope, (bindings) => bindings.map((one) => (isOf(given, one) ? change(one) : one)))
  return {
    provider,
    restart: () => process('ours'),
    stranger: () => process('theirs'),
    intent,
    now: clock.now,
    advance: clock.advance,
    getsIn: async (given) => getsIn(given),
    endsByItself: true,
    meet: (trouble, ...on) =>
      planned.push({
        on,
        begin() {
          switch (trouble) {
            case 'forbidden': {
              const permission = `resourcemanager.projects.${on.includes('inspect') ? 'get' : 'set'}IamPolicy`
              gcp.withdraw(permission)
              return () => gcp.giveBack(permission)
            }
            case 'lost':
              return gcp.faults.plan({ answer: 'reset', on: ['setIamPolicy'] })
            case 'stale':
              return gcp.faults.plan({ answer: 'stale', on: ['getIamPolicy'] })
            default:
              return gcp.faults.plan({ answer: trouble })
          }
        },
      }),
    deleteBehind: async (given) => gcp.edit(scope, (bindings) => bindings.filter((one) => !isOf(given, one))),
    extendBehind: async (given, expiresAt) => {
      const expression = `request.time < timestamp("${new Date(expiresAt).toISOString()}")`
      alter(given, (one) => ({ ...one, condition: { ...one.condition, expression } }))
    },
    alterBehind: async (given) =>
      alter(given, (one) => ({ ...one, members: [...(one.members ?? []), 'user:mallory@example.com'] })),
    elsewhere: {
      scope: 'folders/7',
      away: () => gcp.faults.plan({ answer: 'unavailable', on: ['getIamPolicy'], about: 'folders/7' }),
    },
    hostile: [
      { cloudRole: 'roles/owner' },
      { cloudRole: 'roles/compute.viewer\nroles/owner' },
      { cloudRole: '' },
      { cloudRole: `roles/${'r'.repeat(200)}` },
      { scope: `${scope}:setIamPolicy?` },
      { scope: `${scope}/../other` },
      { scope: '*' },
      { principal: 'allUsers' },
      { principal: 'group:everyone@example.com' },
    ],
    longest: {
      scope: longest,
      cloudRole: `organizations/42/roles/${'r'.repeat(64)}`,
      principal: `user:${'a'.repeat(64)}@${'b'.repeat(180)}.example`,
    },
    permission: 'resourcemanager.projects.setIamPolicy',
    dispose: () => gcp.close(),
  }
}

describeProvider('gcp', harness)

import { boundCalls } from '../../app/provider/calls.ts'
import { createGcp } from '../../app/provider/gcp/gcp.ts'
import { limitCalls } from '../../app/provider/limits.ts'
import type { Provider } from '../../app/provider/port.ts'
import { startGcp } from '../../app/sandbox/clouds/gcp/start.ts'
import { memoryClock } from '../support/memory/clock.ts'
import { anIntent } from '../support/memory/intent.ts'
import { memoryLog } from '../support/memory/log.ts'
import { describeProvider, type Harness } from './contract.ts'

const scope = 'projects/example-prod'
const longest = 'projects/a23456789012345678901234567890'

const harness = async (): Promise<Harness> => {
  const clock = memoryClock()
  const log = memoryLog()
  const gcp = await startGcp({ clock, propagationMs: 7 * 60_000 })
  gcp.addResource('organizations/42')
  for (const name of [scope, `${scope}2`, longest]) gcp.addResource(name, 'organizations/42')
  const credentials = gcp.serviceAccountKey('gitsudo@gitsudo-home.iam.gserviceaccount.com')
  // One call meets it, whatever it does until it ends.
  const planned: { on: readonly string[]; begin: () => () => void }[] = []
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
    const cloud = boundCalls(
      limitCalls(
        createGcp({
          credentialsSource: 'service_account_key',
          credentials,
          conditionTitlePrefix: 'gitsudo',
          baseUrl: gcp.url,
          instance,
          clock,
        }),
      ),
      { clock, log },
    )
    return {
      ...cloud,
      inspect: (intent, call) => meeting('inspect', () => cloud.inspect(intent, call)),
      ensure: (intent, call) => meeting('ensure', () => cloud.ensure(intent, call)),
      remove: (intent, call) => meeting('remove', () => cloud.remove(intent, call)),
    }
  }
  const provider = process('ours')
  const mine = (title: string | undefined, intent: Parameters<Provider['bindingKey']>[0]) =>
    title === provider.bindingKey(intent)
  return {
    provider,
    restart: () => process('ours'),
    stranger: () => process('theirs'),
    intent: (number, change) =>
      anIntent(number, clock.now(), {
        provider: 'gcp',
        principal: `person-${number}@example.com`,
        role: 'viewer',
        cloudRole: 'roles/compute.viewer',
        scope,
        ...change,
      }),
    now: clock.now,
    advance: clock.advance,
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
    deleteBehind: async (intent) =>
      gcp.edit(scope, (bindings) => bindings.filter(({ condition }) => !mine(condition?.title, intent))),
    extendBehind: async (intent, expiresAt) =>
      gcp.edit(scope, (bindings) =>
        bindings.map((one) => {
          if (!mine(one.condition?.title, intent)) return one
          const expression = `request.time < timestamp("${new Date(expiresAt).toISOString()}")`
          return { ...one, condition: { ...one.condition, expression } }
        }),
      ),
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

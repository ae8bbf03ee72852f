import type { Intent } from '../../app/grant/intent.ts'
import type { Provider } from '../../app/provider/port.ts'
import { azureWorld, owner, reader, subscription } from '../support/azure.ts'
import { describeProvider, type Harness } from './contract.ts'
import { describeList } from './contract-list.ts'

const resource = `${subscription}/resourceGroups/${'g'.repeat(90)}/providers/Microsoft.Storage/storageAccounts/${'s'.repeat(260)}`

const other = '/subscriptions/00000000-0000-4000-8000-000000000002'

const harness = async (mode: 'role_assignment' | 'pim'): Promise<Harness> => {
  const { azure, clock, intent, getsIn, provider: made } = await azureWorld(mode)
  const kind = mode === 'pim' ? 'roleAssignmentScheduleRequests' : 'roleAssignments'
  const longestRole = `R${'o'.repeat(511)}`
  azure.addRole(longestRole)
  azure.addScope(other)
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
  const guidOf = (given: Intent): string => provider.bindingKey(given).split(' ')[1] ?? ''
  const assign = (given: Intent, role: string, description: string): void =>
    azure.assign(subscription, guidOf(given), {
      roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${role}`,
      principalId: given.principal,
      description,
    })
  const behindPlain = {
    deleteBehind: async (given: Intent) => azure.unassign(subscription, guidOf(given)),
    // Plain assignments have no end to move: their description is all that can be changed.
    extendBehind: async (given: Intent) => assign(given, reader, 'for ever'),
    alterBehind: async (given: Intent) => {
      azure.unassign(subscription, guidOf(given))
      assign(given, owner, azure.assignments()[0]?.description ?? '')
    },
  }
  const keyOf = ({ principal }: Intent): string => azure.pim.keyOf(subscription, reader, principal)
  const behindPim = {
    deleteBehind: async (given: Intent) => azure.pim.drop(keyOf(given)),
    extendBehind: async (given: Intent, expiresAt: number) => azure.pim.move(keyOf(given), expiresAt),
  }
  return {
    provider,
    restart: () => process('ours'),
    stranger: () => process('theirs'),
    intent,
    now: clock.now,
    advance: clock.advance,
    getsIn: async (given) => getsIn(given),
    endsByItself: mode === 'pim',
    meet: (trouble, ...on) =>
      planned.push({
        on,
        begin() {
          switch (trouble) {
            case 'forbidden': {
              const actions = [
                ...['read', 'write', 'delete'].map((verb) => `roleAssignments/${verb}`),
                ...(on.includes('inspect') ? ['roleAssignmentScheduleInstances/read'] : []),
                'roleAssignmentScheduleRequests/write',
              ]
              for (const action of actions) azure.withdraw(action)
              return () => {
                for (const action of actions) azure.giveBack(action)
              }
            }
            case 'lost':
              return azure.faults.plan({
                answer: 'reset',
                on: [
                  'roleAssignments/write',
                  'roleAssignments/delete',
                  'roleAssignmentScheduleRequests/write',
                ],
              })
            case 'stale':
              return azure.faults.plan({
                answer: 'stale',
                on: [
                  'roleAssignments/read',
                  'roleAssignmentScheduleInstances/read',
                  'roleAssignmentScheduleRequests/read',
                ],
              })
            default:
              return azure.faults.plan({ answer: trouble })
          }
        },
      }),
    ...(mode === 'pim' ? behindPim : behindPlain),
    elsewhere: {
      scope: other,
      away: () =>
        azure.faults.plan({
          answer: 'unavailable',
          on: ['roleAssignments/read', 'roleAssignmentScheduleInstances/read'],
          about: `${other} `,
        }),
    },
    hostile: [
      { cloudRole: "Reader' or roleName eq 'Owner" },
      { cloudRole: 'Reader\nOwner' },
      { cloudRole: '' },
      { cloudRole: 'r'.repeat(513) },
      { cloudRole: 'No role of this name' },
      { scope: `${subscription}/../${subscription}` },
      { scope: `${subscription}?api-version=1` },
      { scope: `${subscription}/providers/Microsoft.Authorization/roleAssignments/x` },
      { scope: '/' },
      { scope: '*' },
      { principal: 'alice@example.com' },
      { principal: 'group:4c1d7d1e-0b8f-4b53-9d0a-000000001001' },
    ],
    longest: { scope: resource, cloudRole: longestRole },
    permission: `Microsoft.Authorization/${kind}`,
    dispose: () => azure.close(),
  }
}

describeProvider('azure', () => harness('role_assignment'))
describeProvider('azure with PIM', () => harness('pim'))
describeList('azure, with a role by its name,', async () => {
  const made = await harness('role_assignment')
  return { ...made, intent: (number, change) => made.intent(number, { cloudRole: 'Reader', ...change }) }
})

import { gitsudo, observedEvent } from '../../app/grant/events.ts'
import { intentsOf } from '../../app/grant/findings.ts'
import type { Intent } from '../../app/grant/intent.ts'
import { intendedEvent } from '../../app/grant/intent-event.ts'
import { createStanding } from '../../app/grant/standing.ts'
import type { Provider } from '../../app/provider/port.ts'
import { account } from '../support/aws.ts'
import { identityCenterWorld, permissionSet } from '../support/identity-center.ts'
import { describeProvider, type Harness } from './contract.ts'

const elsewhere = '210987654321'

const harness = async (): Promise<Harness> => {
  const { aws, clock, intent, assignment, provider: made } = await identityCenterWorld()
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
  /** What a ledger would have sealed before the first write. */
  const sealed = new Map<string, string>()
  const placed = (one: Intent): Intent => {
    const place = sealed.get(one.grant)
    return place === undefined ? one : { ...one, place }
  }
  /** These as the service hands them to `list`: by what the ledger leaves standing. */
  const standing = (intents: readonly Intent[]): readonly Intent[] => {
    const { open, push } = createStanding()
    for (const one of intents) {
      const { grant: id, repository, pull } = one
      const place = sealed.get(id)
      const events = [
        intendedEvent(one, gitsudo, clock.now()),
        ...(place === undefined ? [] : [observedEvent({ id, repository, pull }, clock.now(), place)]),
      ]
      for (const event of events) push(event, 1, () => true)
    }
    return intentsOf(open, 'aws')
  }
  const process = (): Provider => {
    const cloud = made()
    return {
      ...cloud,
      inspect: (one, call) => meeting('inspect', () => cloud.inspect(placed(one), call)),
      ensure: (one, call) =>
        meeting('ensure', async () => {
          const place = sealed.get(one.grant) ?? (await cloud.observe?.(one, call))?.place
          if (place !== undefined) sealed.set(one.grant, place)
          return cloud.ensure(placed(one), call)
        }),
      remove: (one, call) => meeting('remove', () => cloud.remove(placed(one), call)),
      list: (call, intents) => meeting('list', () => cloud.list(call, standing(intents))),
      check: (call) => meeting('check', () => cloud.check(call)),
    }
  }
  return {
    provider: process(),
    restart: process,
    stranger: process,
    intent,
    now: clock.now,
    advance: clock.advance,
    getsIn: async (one) => aws.identityCenter.getsIn(assignment(one)),
    endsByItself: false,
    meet: (trouble, ...on) =>
      planned.push({
        on,
        begin() {
          switch (trouble) {
            case 'forbidden': {
              const permission = on.includes('remove')
                ? 'sso:DeleteAccountAssignment'
                : 'sso:ListAccountAssignmentsForPrincipal'
              aws.withdraw(permission)
              return () => aws.giveBack(permission)
            }
            case 'lost':
              return aws.faults.plan({
                answer: 'reset',
                on: [`${on.includes('remove') ? 'Delete' : 'Create'}AccountAssignment`],
              })
            case 'stale':
              return aws.faults.plan({ answer: 'stale', on: ['ListAccountAssignmentsForPrincipal'] })
            default:
              return aws.faults.plan({ answer: trouble })
          }
        },
      }),
    deleteBehind: async (one) => aws.identityCenter.unassign(assignment(one)),
    // An assignment has no end that somebody could move.
    extendBehind: async () => undefined,
    elsewhere: {
      scope: elsewhere,
      away: () =>
        aws.faults.plan({
          answer: 'unavailable',
          on: ['ListAccountAssignmentsForPrincipal'],
          about: elsewhere,
        }),
    },
    hostile: [
      { cloudRole: 'AdministratorAccess' },
      { cloudRole: '' },
      { cloudRole: `${permissionSet}0` },
      { cloudRole: permissionSet.replace('ssoins-1', 'ssoins-2') },
      { scope: `${account}0` },
      { scope: '*' },
      { principal: 'two people' },
    ],
    longest: { principal: 'p'.repeat(128) },
    permission: 'sso:ListAccountAssignmentsForPrincipal',
    dispose: () => aws.close(),
  }
}

describeProvider('aws by Identity Center', harness)

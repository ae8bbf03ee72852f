import type { Provider } from '../../app/provider/port.ts'
import type { Keys } from '../../app/sandbox/clouds/aws/signature.ts'
import { account, awsWorld, keysIn, mayDescribe, roleArn, self, trusting } from '../support/aws.ts'
import { memoryClock } from '../support/memory/clock.ts'
import { describeProvider, type Harness } from './contract.ts'

const longest = `${'r'.repeat(56)}+=,.@-_1`

const harness = async (): Promise<Harness> => {
  const { aws, clock, given, intent, call: bounds, provider: made } = await awsWorld(memoryClock(), 3600)
  aws.addRole(roleArn(longest), trusting(self), 3600, ['arn:aws:iam::aws:policy/AdministratorAccess'])
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
  /** Whoever gets a grant has credentials of it from then on. */
  const had = new Map<string, Keys>()
  const process = (instance: string): Provider => {
    const cloud = made(instance)
    const { credentials } = cloud
    return {
      ...cloud,
      inspect: (one, call) => meeting('inspect', () => cloud.inspect(one, call)),
      async ensure(one, call) {
        const there = await meeting('ensure', () => cloud.ensure(one, call))
        given.add(one.grant)
        const keys = await credentials?.(one, { id: 'session-0' }, bounds(50_000))
        if (keys !== undefined) had.set(one.grant, keysIn(keys.environment))
        return there
      },
      remove: (one, call) => meeting('remove', () => cloud.remove(one, call)),
      list: (call, intents) => meeting('list', () => cloud.list(call, intents)),
      check: (call) => meeting('check', () => cloud.check(call)),
    }
  }
  const provider = process('ours')
  const permissionOf = (on: readonly string[]): string =>
    on.includes('inspect') ? 'iam:GetRole' : on.includes('remove') ? 'iam:PutRolePolicy' : 'sts:AssumeRole'
  return {
    provider,
    restart: () => process('ours'),
    stranger: () => process('theirs'),
    intent,
    now: clock.now,
    advance: clock.advance,
    async getsIn({ grant }) {
      const keys = had.get(grant)
      return keys !== undefined && mayDescribe(aws.url, keys)
    },
    endsByItself: true,
    meet: (trouble, ...on) =>
      planned.push({
        on,
        begin() {
          switch (trouble) {
            case 'forbidden': {
              const permission = permissionOf(on)
              aws.withdraw(permission)
              return () => aws.giveBack(permission)
            }
            case 'lost':
              return aws.faults.plan({
                answer: 'reset',
                on: [on.includes('remove') ? 'PutRolePolicy' : 'AssumeRole'],
              })
            case 'stale':
              return aws.faults.plan({ answer: 'stale', on: ['GetRolePolicy'] })
            default:
              return aws.faults.plan({ answer: trouble })
          }
        },
      }),
    // Nothing of a grant is there that could be deleted or extended: what is there are its denials.
    deleteBehind: async () => undefined,
    extendBehind: async ({ cloudRole }) =>
      aws.edit(roleArn(cloudRole), (inline) => {
        inline.clear()
      }),
    hostile: [
      { cloudRole: 'reader-1*' },
      { cloudRole: 'reader/../admin' },
      { cloudRole: '' },
      { cloudRole: 'r'.repeat(65) },
      { scope: `${account}:role/admin` },
      { scope: '12345678901' },
      { scope: '*' },
      { endsAt: clock.now() + 14 * 60_000 },
      { endsAt: clock.now() + 13 * 3_600_000 },
    ],
    longest: { cloudRole: longest, principal: 'a'.repeat(512), reason: 'ß'.repeat(2000) },
    permission: 'sts:AssumeRole',
    dispose: () => aws.close(),
  }
}

describeProvider('aws by AssumeRole', harness)

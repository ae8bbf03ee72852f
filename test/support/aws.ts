import type { Intent } from '../../app/grant/intent.ts'
import type { AwsIdentity } from '../../app/provider/aws/credentials.ts'
import { createSts } from '../../app/provider/aws/sts.ts'
import { boundCalls } from '../../app/provider/calls.ts'
import { limitCalls } from '../../app/provider/limits.ts'
import type { Offer } from '../../app/provider/offer.ts'
import type { Call, Provider } from '../../app/provider/port.ts'
import { inTurn } from '../../app/reconcile/in-turn.ts'
import { type Keys, signedHeaders } from '../../app/sandbox/clouds/aws/signature.ts'
import { type LocalAws, startAws } from '../../app/sandbox/clouds/aws/start.ts'
import { memoryClock } from './memory/clock.ts'
import { anIntent } from './memory/intent.ts'
import { memoryLog } from './memory/log.ts'

export const account = '123456789012'
export const self = `arn:aws:iam::${account}:user/gitsudo`
export const roleArn = (name: string, in_ = account): string => `arn:aws:iam::${in_}:role/${name}`

const permissions = [
  'sts:AssumeRole',
  'sts:TagSession',
  'sts:SetSourceIdentity',
  'iam:GetRole',
  'iam:GetRolePolicy',
  'iam:PutRolePolicy',
  'iam:DeleteRolePolicy',
]
export const allowing = (Action: readonly string[], Resource: readonly string[] = ['*']) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action, Resource }],
})
export const trusting = (
  principal: string,
  Action: readonly string[] = permissions.slice(0, 3),
  externalId: string | null = 'gitsudo',
) => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: principal },
      Action,
      ...(externalId === null ? {} : { Condition: { StringEquals: { 'sts:ExternalId': externalId } } }),
    },
  ],
})
const administrator = ['arn:aws:iam::aws:policy/AdministratorAccess']

/** Whether AWS lets whoever has these keys look at machines. */
export const mayDescribe = async (url: string, keys: Keys): Promise<boolean> => {
  const body = 'Action=DescribeInstances&Version=2016-11-15'
  const to = { host: new URL(url).host, service: 'ec2', region: 'us-east-1' }
  const headers = signedHeaders(keys, to, body, Date.now())
  const answer = await fetch(url, { method: 'POST', headers, body })
  await answer.text()
  return answer.ok
}

export const keysIn = (environment: Readonly<Record<string, string | undefined>>): Keys => ({
  accessKeyId: environment.AWS_ACCESS_KEY_ID ?? '',
  secretAccessKey: environment.AWS_SECRET_ACCESS_KEY ?? '',
  ...(environment.AWS_SESSION_TOKEN === undefined ? {} : { sessionToken: environment.AWS_SESSION_TOKEN }),
})

/** AWS's double with gitsudo's user and fifty roles that trust him, and providers on it. */
export const awsWorld = async (clock = memoryClock(), mostSeconds = 43_200) => {
  const lag = 5 * 60_000
  const aws: LocalAws = await startAws({ clock, propagationMs: lag, effectMs: lag })
  const keys = aws.addUser(self, allowing(permissions))
  for (let number = 0; number < 50; number++)
    aws.addRole(roleArn(`reader-${number}`), trusting(self), mostSeconds, administrator)
  /** What the ledgers of the installations say. */
  const given = new Set<string>()
  const revoking = new Map<string, Intent[]>()
  /** Grants that an installation is taking away. */
  const revokingOf = (instance = 'ours'): Intent[] => {
    const known = revoking.get(instance) ?? []
    revoking.set(instance, known)
    return known
  }
  const offered: Offer[] = [{ cloudRole: 'reader-1', scope: account, seconds: 3600 }]
  const turn = inTurn()
  const log = memoryLog()
  type Change = Partial<Omit<Parameters<typeof createSts>[0], keyof AwsIdentity>> & Partial<AwsIdentity>
  return {
    aws,
    clock,
    log,
    keys,
    given,
    revoking: revokingOf,
    offered,
    /** What is taken away is on record before, until it is gone. */
    provider: (instance = 'ours', change: Change = {}): Provider => {
      const open = revokingOf(instance)
      const cloud = boundCalls(
        limitCalls(
          createSts({
            credentialsSource: 'static',
            ...(change.credentialsSource === undefined ? { keys } : {}),
            roleArnTemplate: 'arn:aws:iam::{scope}:role/{role}',
            defaultRegion: 'us-east-1',
            externalId: 'gitsudo',
            sessionTags: 'required',
            endpoint: aws.url,
            instance,
            clock,
            log,
            records: {
              wasGiven: async (grant) => given.has(grant),
              denied: async () => [...open],
              offered: async () => offered,
              exclusive: (_role, _signal, work) => turn(work),
            },
            ...change,
          }),
        ),
        { clock, log },
      )
      return {
        ...cloud,
        async remove(intent, call) {
          if (!open.some(({ grant }) => grant === intent.grant)) open.push(intent)
          const left = await cloud.remove(intent, call)
          const at = open.findIndex(({ grant }) => grant === intent.grant)
          if (left === 'absent' && at >= 0) open.splice(at, 1)
          return left
        },
      }
    },
    intent: (number: number, change: Partial<Intent> = {}): Intent =>
      anIntent(number, clock.now(), {
        provider: 'aws',
        principal: `person-${number}@example.com`,
        role: 'reader',
        cloudRole: `reader-${number % 50}`,
        scope: account,
        ...change,
      }),
    call: (ms = 10_000): Call => ({ deadline: clock.now() + ms, signal: AbortSignal.timeout(ms) }),
  }
}

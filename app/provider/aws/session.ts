import type { AssumeRoleCommandInput } from '@aws-sdk/client-sts'
import { leastSeconds } from '../../grant/grantable/aws.ts'
import type { Intent } from '../../grant/intent.ts'
import { cloudName } from '../../request/id.ts'

/** The name of a grant's sessions; with the role's id before it, it is what `aws:userid` says of them. */
export const sessionName = ({ grant }: Pick<Intent, 'grant'>): string => `gitsudo-${cloudName(grant)}`

/** What begins a session of its own; of the other ways none takes a session's credentials (STS API reference). */
const furtherRoles = ['sts:AssumeRole', 'sts:AssumeRoot']

/** Everything that the role allows, until the end: `grants` are its sessions' own limits, whatever AWS's 15 minutes are. */
const policyOf = (endsAt: number, chain: boolean): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: '*', Resource: '*' },
      {
        Effect: 'Deny',
        Action: '*',
        Resource: '*',
        Condition: { DateGreaterThanEquals: { 'aws:CurrentTime': new Date(endsAt).toISOString() } },
      },
      ...(chain ? [] : [{ Effect: 'Deny', Action: furtherRoles, Resource: '*' }]),
    ],
  })

/** A session that may do nothing, to see whether the role can be assumed. */
export const nothing = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }],
})

/** What a tag's value may hold (STS API reference, Tag), and how much of it; half a character that was cut is none. */
const tagText = (text: string): string => text.slice(0, 256).replace(/[^\p{L}\p{Z}\p{N}_.:/=+\-@]/gu, '_')

/** What AssumeRole is asked for at `now`: the session of a grant, for what is left of it; of the whole, if `now` is behind. */
export const sessionOf = (
  intent: Intent,
  role: string,
  externalId: string | undefined,
  now: number,
): AssumeRoleCommandInput => ({
  RoleArn: role,
  RoleSessionName: sessionName(intent),
  DurationSeconds: Math.max(leastSeconds, Math.ceil((intent.endsAt - Math.max(now, intent.startsAt)) / 1000)),
  Policy: policyOf(intent.endsAt, intent.chain === true),
  // What a source identity may hold, a login may: it stays with whoever this session becomes.
  SourceIdentity: `${intent.requester.login}@${intent.requester.id}`,
  Tags: [
    { Key: 'gitsudo:RequestID', Value: intent.grant },
    { Key: 'gitsudo:UserIdentity', Value: tagText(intent.principal) },
    { Key: 'gitsudo:Reason', Value: tagText(intent.reason) },
  ],
  ...(externalId === undefined ? {} : { ExternalId: externalId }),
})

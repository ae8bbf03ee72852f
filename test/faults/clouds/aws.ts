import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Keys } from '../../../app/sandbox/clouds/aws/signature.ts'
import { startAws } from '../../../app/sandbox/clouds/aws/start.ts'
import { account, allowing, keysIn, mayDescribe, roleArn, self, trusting } from '../../support/aws.ts'
import { instanceArn, permissionSet } from '../../support/identity-center.ts'
import type { Calls } from '../cell.ts'
import { type OpenCloud, slots, staleMs } from './cloud.ts'

/** As the shipped identities name her. */
const alice = `arn:aws:iam::${account}:user/alice`

const credentialsFile = async (dir: string, keys: Keys): Promise<string> => {
  const file = join(dir, 'aws-credentials')
  const lines = [
    '[default]',
    `aws_access_key_id = ${keys.accessKeyId}`,
    `aws_secret_access_key = ${keys.secretAccessKey}`,
  ]
  await writeFile(file, `${lines.join('\n')}\n`)
  return file
}

/** AWS by AssumeRole, a role a slot. */
export const openSts: OpenCloud = async ({ clock, dir }) => {
  const aws = await startAws({ clock, propagationMs: staleMs, effectMs: 5 * 60_000 })
  const keys = aws.addUser(self, allowing(['sts:*', 'iam:*']))
  const name = (slot: string) => `${slot}-view`
  for (const slot of slots)
    aws.addRole(roleArn(name(slot)), trusting(self), 3600, ['arn:aws:iam::aws:policy/AdministratorAccess'])
  const sessions = new Map<string, Keys>()
  return {
    name: 'aws sts_assume_role',
    provider: 'aws',
    settings: {
      mode: 'sts_assume_role',
      external_id: 'gitsudo',
      credentials_file: await credentialsFile(dir, keys),
      endpoint_url: aws.url,
    },
    roles: slots.map((slot) => ({ role: name(slot), scopes: [account] })),
    faults: aws.faults,
    asking: (slot) => ({ role: name(slot), scope: `"${account}"` }),
    about: name,
    // Nothing at the end: every session has ended.
    calls: {
      // Its role's maximum.
      ask: { own: ['GetRole'], all: [['GetCallerIdentity', '']] },
      give: { own: ['GetRole', 'GetRolePolicy', 'AssumeRole'] },
      use: { own: ['AssumeRole'] },
      look: { own: ['GetRole', 'GetRolePolicy'] },
      // Looked at, refused, read back, and looked at again once that must be in force.
      revoke: {
        own: [
          'GetRole',
          'GetRolePolicy',
          'GetRolePolicy',
          'GetRole',
          'PutRolePolicy',
          'GetRolePolicy',
          'GetRole',
          'GetRolePolicy',
        ],
      },
      // Found, looked at again, and refused again beside whoever else is; how long that takes to be in force is waited for.
      regain: {
        own: [
          'GetRole',
          'GetRolePolicy',
          'GetRole',
          'GetRolePolicy',
          'GetRolePolicy',
          'GetRole',
          'PutRolePolicy',
          'GetRolePolicy',
        ],
      },
    },
    mischief: {
      stray: 'a grant makes nothing in the account, and nobody else can make a session of it',
      drift: 'a session is what it was when it was opened, and ends by itself',
      regain: {
        do: (slot) => aws.edit(roleArn(name(slot)), (inline) => inline.clear()),
        // That takes five minutes to be in force, by when the session may have ended by itself.
        isMended: (slot) => aws.policies(roleArn(name(slot))).size > 0,
      },
    },
    hangUp: aws.hangUp,
    ownCalls: ['DescribeInstances'],
    async held(slot) {
      const session = sessions.get(slot)
      return session === undefined ? undefined : Number(await mayDescribe(aws.url, session))
    },
    forget: () => sessions.clear(),
    given: (slot, { environment }) => void sessions.set(slot, keysIn(environment)),
    leftovers: () => [],
    close: aws.close,
  }
}

const list = 'ListAccountAssignmentsForPrincipal'
const ending: Calls['revoke'] = {
  own: ['DeleteAccountAssignment', 'DescribeAccountAssignmentDeletionStatus', list],
}

/** AWS by Identity Center, an account a slot. */
export const openIdentityCenter: OpenCloud = async ({ clock, dir }) => {
  const aws = await startAws({ clock, propagationMs: staleMs })
  const keys = aws.addUser(self, allowing(['sso:*', 'identitystore:*']))
  const principal = aws.identityCenter.addUser(alice)
  const accountOf = (slot: string) => `5554443332${slot.slice(-2)}`
  const role = 'look-view'
  return {
    name: 'aws identity_center',
    provider: 'aws',
    settings: {
      mode: 'identity_center',
      identity_store_id: 'd-1234567890',
      instance_arn: instanceArn,
      credentials_file: await credentialsFile(dir, keys),
      endpoint_url: aws.url,
    },
    roles: [{ role, scopes: slots.map(accountOf), cloudRole: permissionSet }],
    faults: aws.faults,
    asking: (slot) => ({ role, scope: `"${accountOf(slot)}"` }),
    about: accountOf,
    calls: {
      give: {
        own: [list, list, 'CreateAccountAssignment', 'DescribeAccountAssignmentCreationStatus', list],
        all: [['GetUserId', '']],
      },
      look: { own: [list] },
      revoke: ending,
      expire: ending,
    },
    held: async (slot) =>
      Number(aws.identityCenter.getsIn({ account: accountOf(slot), permissionSet, principal })),
    mischief: {
      stray: 'an assignment carries no mark: one that no grant made is a stranger, and stays',
      drift: 'an assignment has no end, and nothing else that could be altered: it is there or not',
      regain: 'one that was made anew after its grant was over carries no mark either',
    },
    hangUp: aws.hangUp,
    leftovers: () => [],
    close: aws.close,
  }
}

import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  IAMClient,
  PutUserPolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LocalAws, startAws } from '../../../app/sandbox/clouds/aws/start.ts'
import type { Service } from '../../../app/sandbox/service.ts'
import { until } from '../../../app/sandbox/until.ts'
import { account, allowing, keysIn, mayDescribe, roleArn, trusting } from '../../support/aws.ts'
import { openTestWorld, type TestWorld } from '../../support/world.ts'

/** The names of jitsudo's quick start for AWS. */
const RoleName = 'jitsudo-sandbox-readonly'
const role = roleArn(RoleName)
const developer = `arn:aws:iam::${account}:user/jitsudo-dev`
const readOnly = 'arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess'

let dir: string
let aws: LocalAws
let iam: IAMClient
let t: TestWorld
let service: Service

const putUserPolicy = (actions: readonly string[]) =>
  iam.send(
    new PutUserPolicyCommand({
      UserName: 'jitsudo-dev',
      PolicyName: 'jitsudo-revocation',
      PolicyDocument: JSON.stringify(allowing(actions, [role])),
    }),
  )

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gitsudo-aws-'))
  aws = await startAws({ clock: { now: () => t?.clock.now() ?? Date.now() } })
  const developersKeys = aws.addUser(developer)
  const { accessKeyId, secretAccessKey } = aws.addUser(`arn:aws:iam::${account}:user/root`, allowing(['*']))
  const credentials = { accessKeyId, secretAccessKey }
  iam = new IAMClient({ region: 'us-east-1', endpoint: aws.url, credentials, maxAttempts: 1 })
  // Step 1: the sandbox role, with a placeholder trust policy.
  const placeholder = trusting(`arn:aws:iam::${account}:root`, ['sts:AssumeRole'], null)
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify(placeholder) }))
  await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn: readOnly }))
  // Step 2: the trust policy for the service.
  const PolicyDocument = JSON.stringify(trusting(developer, ['sts:AssumeRole'], 'jitsudo'))
  await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }))
  // Step 3: what jitsudo may do with the role.
  await putUserPolicy(['sts:AssumeRole', 'iam:PutRolePolicy'])
  const policies = join(dir, 'policies')
  await cp(new URL('../../../policies', import.meta.url), policies, { recursive: true })
  const entry = `{provider: aws, role: sandbox-readonly, scopes: ["${account}"], maxDuration: 1h, owners: [sre]}`
  await writeFile(
    join(policies, 'data', 'roles.yaml'),
    `apiVersion: gitsudo.dev/v1\nkind: Roles\nroles:\n  - ${entry}\n`,
  )
  t = await openTestWorld({
    merge: 'auto',
    settings: {
      providers: {
        mock: {},
        aws: {
          mode: 'sts_assume_role',
          role_arn_template: 'arn:aws:iam::{scope}:role/jitsudo-{role}',
          default_region: 'us-east-1',
          credentials_source: 'static',
          external_id: 'jitsudo',
          // The quick start's trust policy allows neither tags nor a source identity.
          sessionTags: 'optional',
          endpoint_url: aws.url,
        },
      },
    },
    template: dir,
    env: {
      AWS_ACCESS_KEY_ID: developersKeys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: developersKeys.secretAccessKey,
    },
  })
  service = await t.start()
})
afterAll(async () => {
  await service?.stop()
  await t?.close()
  await aws?.close()
  await rm(dir, { recursive: true, force: true })
})

/** The quick start's lines up to the grant, for so long that somebody has to approve it. @returns the request's id */
const live = async (): Promise<string> => {
  const words = ['--provider', 'aws', '--role', 'sandbox-readonly', '--scope', account, '--duration', '45m']
  const reason = 'Testing real AWS provider - sandbox'
  const asked = await t.gitsudo('alice', 'request', ...words, '--reason', reason)
  expect(asked).toMatchObject({ status: 0, stdout: expect.stringContaining('⏳ Awaiting approval') })
  const [, id = ''] = /✓ Request submitted \(ID: (req_\w+)\)/.exec(asked.stdout) ?? []
  expect(await t.gitsudo('bob', 'approve', id)).toMatchObject({ status: 0 })
  await t.reached(id, 'active')
  return id
}
/** What a command of the requester finds in its environment. */
const environmentOf = async (id: string): Promise<Readonly<Record<string, string>>> => {
  const ran = await t.gitsudo('alice', 'exec', id, '--', 'env')
  expect(ran).toMatchObject({ status: 0 })
  return Object.fromEntries(ran.stdout.split('\n').map((line) => line.split(/=(.*)/s).slice(0, 2)))
}
const check = () => t.gitsudo('erin', 'provider', 'check', '--config', t.service.config)

test('what the quick start’s permissions lack is said, with the policies that mend it', async () => {
  const lacking = await check()
  expect(lacking.status).toBe(1)
  expect(lacking.stdout).toContain('permission iam:GetRole is missing')
  expect(lacking.stdout).toContain(`"Principal":{"AWS":"${developer}"}`)
  const [, actions = ''] = /gitsudo's own permissions: .*"Action":(\[[^\]]*\])/.exec(lacking.stdout) ?? []
  await putUserPolicy(JSON.parse(actions) as string[])
  expect(await check()).toMatchObject({ status: 0 })
})

test('a grant’s commands get a session that ends with it', async () => {
  const id = await live()
  const environment = await environmentOf(id)
  expect(environment).toMatchObject({
    AWS_ACCESS_KEY_ID: expect.stringMatching(/^ASIA/),
    AWS_SECRET_ACCESS_KEY: expect.any(String),
    AWS_SESSION_TOKEN: expect.any(String),
    AWS_DEFAULT_REGION: 'us-east-1',
  })
  expect(await mayDescribe(aws.url, keysIn(environment))).toBe(true)
  await t.jump(44 * 60_000)
  expect(await mayDescribe(aws.url, keysIn(environment))).toBe(true)
  await t.jump(61_000)
  expect(await mayDescribe(aws.url, keysIn(environment))).toBe(false)
  await t.reached(id, 'ended')
  expect(aws.policies(role).size).toBe(0)
  await t.allSealed()
  const types = (await t.events(id)).map(({ type }) => type)
  expect(types.filter((type) => /^(grant|credentials)\./.test(type))).toEqual([
    'grant.intended',
    'grant.issued',
    'credentials.issued',
    'grant.expired',
  ])
  const told = await t.gitsudo('alice', 'audit', '--request', id)
  for (const type of ['request.created', 'request.approved', 'grant.issued', 'grant.expired'])
    expect(told.stdout).toContain(type)
  const refused = await t.gitsudo('alice', 'exec', id, '--', 'touch', join(dir, 'ran'))
  expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining('ended') })
}, 90_000)

test('a revocation refuses that grant’s sessions at once, and is done when AWS has had its time', async () => {
  const [asked, other] = [await live(), await live()]
  const [session, stays] = [await environmentOf(asked), await environmentOf(other)]
  const heal = aws.faults.plan({ answer: 'unavailable', on: ['GetRole', 'PutRolePolicy'] })
  expect(await mayDescribe(aws.url, keysIn(session))).toBe(true)
  const revoked = t.gitsudo('alice', 'revoke', asked)
  await t.reached(asked, 'revoking')
  heal()
  await until('the denial', async () => aws.policies(role).size > 0)
  expect(await mayDescribe(aws.url, keysIn(session))).toBe(false)
  expect(await mayDescribe(aws.url, keysIn(stays))).toBe(true)
  expect(await t.gitsudo('alice', 'exec', asked, '--', 'true')).toMatchObject({ status: 1 })
  await t.jump(6 * 60_000)
  await t.reached(asked, 'ended')
  await revoked
  expect(await mayDescribe(aws.url, keysIn(stays))).toBe(true)
  // The denial stays while a console session could live, and IAM deletes no role with an inline policy.
  const [PolicyName] = aws.policies(role).keys()
  expect(PolicyName).toMatch(/^gitsudo-[0-9a-z]{8}-revoked$/)
  await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }))
  await iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn: readOnly }))
  await iam.send(new DeleteRoleCommand({ RoleName }))
  expect(await mayDescribe(aws.url, keysIn(stays))).toBe(false)
}, 90_000)

import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LocalAws, startAws } from '../../../app/sandbox/clouds/aws/start.ts'
import type { Service } from '../../../app/sandbox/service.ts'
import { account, allowing, self } from '../../support/aws.ts'
import { instanceArn, permissionSet } from '../../support/identity-center.ts'
import { type Asked, openTestWorld, type TestWorld } from '../../support/world.ts'

/** As the shipped identities name her in AWS. */
const alice = `arn:aws:iam::${account}:user/alice`
const spec = { provider: 'aws', role: 'sandbox-readonly', scope: `"${account}"`, duration: '45m' }

let dir: string
let aws: LocalAws
let hers: { readonly account: string; readonly permissionSet: string; readonly principal: string }
let t: TestWorld
let service: Service

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gitsudo-identity-center-'))
  aws = await startAws({ clock: { now: () => t?.clock.now() ?? Date.now() } })
  const keys = aws.addUser(self, allowing(['sso:*', 'identitystore:*']))
  hers = { account, permissionSet, principal: aws.identityCenter.addUser(alice) }
  await writeFile(
    join(dir, 'credentials'),
    `[default]\naws_access_key_id = ${keys.accessKeyId}\naws_secret_access_key = ${keys.secretAccessKey}\n`,
  )
  const policies = join(dir, 'policies')
  await cp(new URL('../../../policies', import.meta.url), policies, { recursive: true })
  const entry = `{provider: aws, role: sandbox-readonly, scopes: ["${account}"], cloudRole: "${permissionSet}", maxDuration: 1h, owners: [sre]}`
  await writeFile(
    join(policies, 'data', 'roles.yaml'),
    `apiVersion: gitsudo.dev/v1\nkind: Roles\nroles:\n  - ${entry}\n`,
  )
  t = await openTestWorld({
    merge: 'manual',
    settings: {
      providers: {
        mock: {},
        aws: {
          mode: 'identity_center',
          identity_store_id: 'd-1234567890',
          instance_arn: instanceArn,
          credentials_file: join(dir, 'credentials'),
          endpoint_url: aws.url,
        },
      },
    },
    template: dir,
  })
  service = await t.start()
})
afterAll(async () => {
  await service?.stop()
  await t?.close()
  await aws?.close()
  await rm(dir, { recursive: true, force: true })
})

const getsIn = () => aws.identityCenter.getsIn(hers)
const merged = async (slug: string): Promise<Asked> => {
  const asked = await t.ask(slug, spec)
  await t.checked(asked.head, 'action_required')
  await t.people.bob.review(asked.number, 'APPROVE')
  await t.checked(asked.head, 'success')
  expect((await t.people.bob.merge(asked.number)).status).toBe(200)
  return asked
}
const grantEvents = async (id: string) => {
  await t.allSealed()
  return (await t.events(id)).filter(({ type }) => type.startsWith('grant.'))
}

test('two grants of one assignment share it: it goes with the last', async () => {
  const asked = await merged('center-first')
  await t.reached(asked.id, 'active')
  expect(getsIn()).toBe(true)
  const told = 'echo "$GITSUDO_AWS_ACCOUNT $GITSUDO_AWS_PERMISSION_SET"'
  expect(await t.gitsudo('alice', 'exec', asked.id, '--', 'sh', '-c', told)).toEqual({
    status: 0,
    stdout: `${account} ${permissionSet}\n`,
    stderr: `gitsudo: ${asked.id} is for your own identity, ${alice}: sign in as that.\n`,
  })
  const later = await merged('center-second')
  await t.reached(later.id, 'active')
  expect(await t.gitsudo('alice', 'revoke', asked.id)).toMatchObject({ status: 0 })
  await t.reached(asked.id, 'ended')
  expect(getsIn()).toBe(true)
  await t.jump(46 * 60_000)
  await t.reached(later.id, 'ended')
  expect(getsIn()).toBe(false)
  const [first, second] = [await grantEvents(asked.id), await grantEvents(later.id)]
  expect(first.map(({ type }) => type)).toEqual([
    'grant.intended',
    'grant.observed',
    'grant.issued',
    'grant.revoke_intended',
    'grant.revoked',
  ])
  expect(first.at(-1)?.data).toMatchObject({ kept_for: [later.id] })
  expect(second.map(({ type }) => type)).toEqual([
    'grant.intended',
    'grant.observed',
    'grant.issued',
    'grant.expired',
  ])
  // Sessions that she opened outlast the assignment.
  expect(second.at(-1)?.data).toMatchObject({ may_last_until: expect.any(String) })
}, 120_000)

test('an assignment that was there before is nobody’s grant, and stays', async () => {
  aws.identityCenter.assign(hers)
  const asked = await merged('center-before')
  await t.reached(asked.id, 'failed')
  expect(getsIn()).toBe(true)
  const events = await grantEvents(asked.id)
  expect(events.map(({ type }) => type)).toEqual(['grant.intended', 'grant.failed'])
  expect(events.at(-1)?.data.why).toMatch(/was there before/)
}, 90_000)

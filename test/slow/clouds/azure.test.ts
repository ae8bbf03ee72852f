import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LocalAzure, startAzure } from '../../../app/sandbox/clouds/azure/start.ts'
import type { Service } from '../../../app/sandbox/service.ts'
import { until } from '../../../app/sandbox/until.ts'
import { offering } from '../../support/offering.ts'
import { type Asked, openTestWorld, type TestWorld } from '../../support/world.ts'

const subscription = '/subscriptions/8b9f6c1e-3c55-4a1e-9f6e-0a4f1f0c2d11'
const alice = '4c1d7d1e-0b8f-4b53-9d0a-000000001001'
const spec = { provider: 'azure', role: 'prod-reader', scope: subscription, duration: '1h' }

let dir: string
let azure: LocalAzure
let t: TestWorld
let service: Service

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gitsudo-azure-'))
  azure = await startAzure({ clock: { now: () => t?.clock.now() ?? Date.now() } })
  azure.addScope(subscription)
  const { clientId, token } = azure.entra.federatedApp()
  await writeFile(join(dir, 'token'), token)
  await writeFile(join(dir, 'azure.pem'), azure.certificate)
  const settings = {
    providers: {
      mock: {},
      azure: {
        tenant_id: azure.entra.tenant,
        client_id: clientId,
        federated_token_file: join(dir, 'token'),
        authority_host: azure.url,
        base_url: azure.url,
      },
    },
  }
  await offering(
    dir,
    `{provider: azure, role: prod-reader, scopes: [${subscription}], cloudRole: Reader, maxDuration: 4h, owners: [sre]}`,
  )
  const env = { NODE_EXTRA_CA_CERTS: join(dir, 'azure.pem') }
  t = await openTestWorld({ merge: 'manual', settings, template: dir, env })
  service = await t.start()
})
afterAll(async () => {
  await service?.stop()
  await t?.close()
  await azure?.close()
  await rm(dir, { recursive: true, force: true })
})

const getsIn = () => azure.getsIn(alice, 'Reader', subscription)

const live = async (slug: string, duration = '1h'): Promise<Asked> => {
  const asked = await t.ask(slug, { ...spec, duration })
  await t.checked(asked.head, 'action_required')
  for (const login of ['bob', 'carol'] as const) await t.people[login].review(asked.number, 'APPROVE')
  await t.checked(asked.head, 'success')
  expect((await t.people.bob.merge(asked.number)).status).toBe(200)
  await t.reached(asked.id, 'active')
  return asked
}
const ends = async (id: string): Promise<readonly string[]> =>
  (await t.events(id)).map(({ type }) => type).filter((type) => /^(grant|credentials)\./.test(type))

test('a request lets its requester into the subscription for as long as was approved', async () => {
  expect(getsIn()).toBe(false)
  const asked = await live('azure-expires')
  expect(getsIn()).toBe(true)
  const told = 'echo "$AZURE_SUBSCRIPTION_ID"'
  expect(await t.gitsudo('alice', 'exec', asked.id, '--', 'sh', '-c', told)).toEqual({
    status: 0,
    stdout: `${subscription.split('/')[2]}\n`,
    stderr: `gitsudo: ${asked.id} is for your own identity, ${alice}: sign in as that.\n`,
  })
  await t.jump(61 * 60_000)
  await t.reached(asked.id, 'ended')
  expect(getsIn()).toBe(false)
  await t.allSealed()
  expect(await ends(asked.id)).toEqual(['grant.intended', 'grant.issued', 'grant.expired'])
})

test('two grants of one access share an assignment, which goes with the last', async () => {
  const [short, long] = [await live('azure-short', '30m'), await live('azure-long', '2h')]
  expect(azure.assignments()).toHaveLength(1)
  await t.jump(31 * 60_000)
  await t.reached(short.id, 'ended')
  expect(getsIn()).toBe(true)
  expect(await t.gitsudo('alice', 'revoke', long.id)).toMatchObject({ status: 0 })
  await t.reached(long.id, 'ended')
  expect(getsIn()).toBe(false)
})

test('a revocation is not done before Azure says so, however long it is away', async () => {
  const asked = await live('azure-revoked')
  const heal = azure.faults.plan({ answer: 'unavailable' })
  const revoked = t.gitsudo('alice', 'revoke', asked.id)
  await t.reached(asked.id, 'revoking')
  await until(
    'a try',
    async () => (await t.query('select id from grants where id = $1 and tries > 1', [asked.id])).length > 0,
  )
  expect(getsIn()).toBe(true)
  heal()
  expect(await revoked).toMatchObject({ status: 0 })
  await t.reached(asked.id, 'ended')
  expect(getsIn()).toBe(false)
})

test('what is configured wrong is said in words, and what is there is listed', async () => {
  const asked = await live('azure-listed')
  const config = ['--config', t.service.config]
  const listed = await t.gitsudo('erin', 'provider', 'list', ...config)
  expect(listed).toMatchObject({ status: 0, stdout: expect.stringContaining(asked.id) })
  expect(await t.gitsudo('erin', 'provider', 'check', ...config)).toMatchObject({ status: 0 })
  azure.withdraw('roleAssignments/delete')
  const checked = await t.gitsudo('erin', 'provider', 'check', ...config)
  azure.giveBack('roleAssignments/delete')
  expect(checked).toMatchObject({
    status: 1,
    stdout: expect.stringMatching(
      /azure .*permission Microsoft\.Authorization\/roleAssignments\/delete is missing/,
    ),
  })
})

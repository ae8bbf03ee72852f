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
  dir = await mkdtemp(join(tmpdir(), 'gitsudo-azure-pim-'))
  azure = await startAzure({ clock: { now: () => t?.clock.now() ?? Date.now() } })
  azure.addScope(subscription)
  const { clientId, clientSecret } = azure.entra.secretApp()
  await writeFile(join(dir, 'secret'), clientSecret)
  await writeFile(join(dir, 'azure.pem'), azure.certificate)
  const settings = {
    providers: {
      mock: {},
      azure: {
        mode: 'pim',
        credentials_source: 'client_secret',
        tenant_id: azure.entra.tenant,
        client_id: clientId,
        client_secret_file: join(dir, 'secret'),
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

const live = async (slug: string, duration = spec.duration): Promise<Asked> => {
  const asked = await t.ask(slug, { ...spec, duration })
  await t.checked(asked.head, 'action_required')
  for (const login of ['bob', 'carol'] as const) await t.people[login].review(asked.number, 'APPROVE')
  await t.checked(asked.head, 'success')
  expect((await t.people.bob.merge(asked.number)).status).toBe(200)
  await t.reached(asked.id, 'active')
  return asked
}

test.each(['4m', '5m'])(
  '%s, less than PIM can be had to give, is refused before anybody reviews it',
  async (duration) => {
    const asked = await t.ask(`pim-${duration}`, { ...spec, duration })
    await t.checked(asked.head, 'failure')
  },
)

test('the shortest that the check lets pass is given, and ends', async () => {
  const asked = await live('pim-shortest', '6m')
  expect(getsIn()).toBe(true)
  await t.jump(7 * 60_000)
  await t.reached(asked.id, 'ended')
  expect(getsIn()).toBe(false)
})

test('a revocation within five minutes is debt that says why, and then done', async () => {
  const asked = await live('pim-revoked')
  expect(getsIn()).toBe(true)
  const revoked = t.gitsudo('alice', 'revoke', asked.id)
  await t.reached(asked.id, 'revoking')
  const note = await until('why', async () => {
    const [row] = await t.query<{ readonly note: string | null }>('select note from grants where id = $1', [
      asked.id,
    ])
    return /within 5 minutes/.exec(row?.note ?? '')?.[0]
  })
  expect(note).toBe('within 5 minutes')
  expect(getsIn()).toBe(true)
  await t.jump(6 * 60_000)
  await t.reached(asked.id, 'ended')
  await revoked
  expect(getsIn()).toBe(false)
})

test('a grant ends at its time while gitsudo is down', async () => {
  const asked = await live('pim-alone')
  await service.stop()
  await t.jump(61 * 60_000)
  expect(getsIn()).toBe(false)
  service = await t.start()
  await t.reached(asked.id, 'ended')
  await t.allSealed()
  const types = (await t.events(asked.id)).map(({ type }) => type)
  expect(types.filter((type) => type.startsWith('grant.'))).toEqual([
    'grant.intended',
    'grant.issued',
    'grant.expired',
  ])
})

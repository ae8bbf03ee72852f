import { afterEach, beforeEach, expect, test } from 'vitest'
import { createProviders } from '../../app/compose/providers.ts'
import { settingsOf } from '../../app/compose/settings.ts'
import type { AwsSettings } from '../../app/config/clouds/aws.ts'
import type { Config } from '../../app/config.ts'
import { configuredAt } from '../../app/grant/configured.ts'
import { startKubernetes } from '../../app/sandbox/clouds/kubernetes/start.ts'
import { awsWorld } from '../support/aws.ts'
import { kubernetesIntent } from '../support/kubernetes.ts'
import { memoryWorld } from '../support/memory/world.ts'

const never = new AbortController().signal
let world: ReturnType<typeof memoryWorld>
let w: Awaited<ReturnType<typeof awsWorld>>
beforeEach(async () => {
  world = memoryWorld()
  w = await awsWorld(world.clock)
})
afterEach(() => w.aws.close())

/** A process with these clouds, which has taken its place. */
const withClouds = async (providers: Config['providers']): Promise<Config> => {
  const config = { instance: 'ours', repositories: [], providers } as unknown as Config
  const records = { ...world.deps, git: {} as never, repositories: [] }
  const database = {} as never
  const made = await createProviders(config, database, world.clock, world.log, records, () => undefined)
  for (const [name, provider] of made) world.deps.providers.set(name, provider)
  return config
}
/** The same under these settings of AWS. */
const under = (change: Partial<AwsSettings> = {}): Promise<Config> => {
  const aws = {
    mode: 'sts_assume_role',
    roleArnTemplate: 'arn:aws:iam::{scope}:role/{role}',
    sessionTags: 'required',
    defaultRegion: 'us-east-1',
    credentialsSource: 'static',
    externalId: 'gitsudo',
    keys: w.keys,
    endpoint: w.aws.url,
    ...change,
  }
  return withClouds({ aws: aws as AwsSettings })
}

test('what was given under one role_arn_template is not said to be gone under another', async () => {
  const { configured } = settingsOf(await under())
  const id = await world.open(w.intent(1, { configured: configured?.aws ?? {} }))
  await world.look(id)
  expect((await world.store.grant(id))?.state).toBe('active')
  await under({ roleArnTemplate: 'arn:aws:iam::{scope}:role/other-{role}' })
  await world.revoke(id)
  await world.look(id)
  expect(await world.store.grant(id)).toMatchObject({
    state: 'revoking',
    note: expect.stringMatching(/put back providers\.aws\.role_arn_template to arn:aws:iam::\{scope\}/),
  })
  const cloud = world.deps.providers.get('aws')
  const call = { deadline: world.clock.now() + 10_000, signal: never }
  expect(await cloud?.check(call)).toContainEqual(expect.stringContaining(id))
  await under()
  await world.settle()
  expect(world.typesOf(id)).toContain('grant.revoked')
})

test('what was given in a cluster is not said to be gone in another that has its name', async () => {
  const started = await Promise.all(
    ['blue', 'green'].map(async () => {
      const cluster = await startKubernetes({ clock: world.clock })
      cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'checkout' } })
      const rbac = 'rbac.authorization.k8s.io/v1'
      cluster.apply({ apiVersion: rbac, kind: 'ClusterRole', metadata: { name: 'view' }, rules: [] })
      const token = { text: cluster.tokenOf('gitsudo', ['system:masters']) }
      return { cluster, connection: { server: cluster.url, token } }
    }),
  )
  const [blue, green] = started
  if (blue === undefined || green === undefined) throw new Error('no clusters')
  const at = ({ connection }: typeof blue) =>
    withClouds({ kubernetes: { clusters: [{ name: 'production', connection }] } })
  const { configured } = settingsOf(await at(blue))
  const intent = kubernetesIntent(1, world.clock.now())
  const given = configuredAt(configured?.kubernetes ?? {}, intent.scope)
  const id = await world.open({ ...intent, configured: given })
  await world.look(id)
  expect((await world.store.grant(id))?.state).toBe('active')
  await at(green)
  await world.revoke(id)
  await world.look(id)
  expect(await world.store.grant(id)).toMatchObject({
    state: 'revoking',
    note: expect.stringContaining(
      `put back providers.kubernetes.clusters.production.server to ${blue.cluster.url}`,
    ),
  })
  await at(blue)
  await world.settle()
  expect(world.typesOf(id)).toContain('grant.revoked')
  for (const { cluster } of started) await cluster.close()
})

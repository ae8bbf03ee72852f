import { afterEach, beforeEach, expect, test } from 'vitest'
import { createProviders } from '../../app/compose/providers.ts'
import { settingsOf } from '../../app/compose/settings.ts'
import type { AwsSettings } from '../../app/config/clouds/aws.ts'
import type { Config } from '../../app/config.ts'
import { awsWorld } from '../support/aws.ts'
import { memoryWorld } from '../support/memory/world.ts'

const never = new AbortController().signal
let world: ReturnType<typeof memoryWorld>
let w: Awaited<ReturnType<typeof awsWorld>>
beforeEach(async () => {
  world = memoryWorld()
  w = await awsWorld(world.clock)
})
afterEach(() => w.aws.close())

/** A process under these settings of AWS, which has taken its place. */
const under = async (change: Partial<AwsSettings> = {}): Promise<Config> => {
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
  const config = { instance: 'ours', repositories: [], providers: { aws } } as unknown as Config
  const records = { ...world.deps, git: {} as never, repositories: [] }
  const database = {} as never
  const made = await createProviders(config, database, world.clock, world.log, records, () => undefined)
  for (const [name, provider] of made) world.deps.providers.set(name, provider)
  return config
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

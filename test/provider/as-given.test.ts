import { describe, expect, test } from 'vitest'
import { configuredOf } from '../../app/config/providers.ts'
import { type Configured, configuredAt, toPutBack } from '../../app/grant/configured.ts'
import { intentsOf } from '../../app/grant/findings.ts'
import { asGiven } from '../../app/provider/as-given.ts'
import { createMock } from '../../app/provider/mock/mock.ts'
import type { Provider } from '../../app/provider/port.ts'
import { reconcileCloud } from '../../app/reconcile/cloud.ts'
import { anIntent } from '../support/memory/intent.ts'
import { memoryWorld } from '../support/memory/world.ts'

const [before, after] = [{ condition_title_prefix: 'a' }, { condition_title_prefix: 'b' }]
const minute = 60_000

/** A world whose cloud derives the place of its grants from the configuration, and a grant given under `before`. */
const givenWorld = async () => {
  const world = memoryWorld()
  const { clock, log, bindings, ledger } = world
  /** A process under this configuration. */
  const under = (configured: Configured): Provider => {
    const mock = createMock({ bindings, clock, instance: configured.condition_title_prefix ?? '' })
    const open = async () => intentsOf((await ledger.standing()).open, 'mock')
    const cloud = asGiven(mock, configured, { clock, log, open })
    world.deps.providers.set('mock', cloud)
    return cloud
  }
  under(before)
  const intent = anIntent(1, clock.now(), { configured: before })
  const id = await world.open(intent)
  const state = async () => (await world.store.grant(id))?.state
  const alerts = () => log.lines.filter(({ message }) => message === 'provider.configured_otherwise')
  return { ...world, intent, id, under, state, alerts }
}

describe('a grant that was given under another configuration', () => {
  test('is not said to be gone, however often it is looked at, until that is put back', async () => {
    const w = await givenWorld()
    await w.look(w.id)
    const words = `put back providers.mock.condition_title_prefix to a until it has ended`
    w.under(after)
    w.clock.advance(6 * minute)
    await w.look(w.id)
    expect(await w.store.grant(w.id)).toMatchObject({
      state: 'active',
      note: expect.stringContaining(words),
    })
    await w.revoke(w.id)
    for (let look = 0; look < 20; look++) {
      await w.look(w.id)
      w.clock.advance(5 * minute)
    }
    expect(await w.state()).toBe('revoking')
    expect(await w.bindings.all()).toHaveLength(1)
    expect(w.typesOf(w.id)).not.toContain('grant.revoked')
    expect(w.alerts().length).toBeGreaterThan(5)
    w.under(before)
    await w.settle()
    expect(await w.state()).toBe('ended')
    expect(await w.bindings.all()).toEqual([])
  })

  test('is shown by check, and not by what lists are compared with', async () => {
    const w = await givenWorld()
    await w.look(w.id)
    const call = { deadline: w.clock.now() + minute, signal: AbortSignal.timeout(minute) }
    expect(await w.under(before).check(call)).toEqual([])
    expect(await w.under(after).check(call)).toEqual([
      expect.stringMatching(new RegExp(`^put back providers.mock.condition_title_prefix to a .*${w.id}$`)),
    ])
  })

  test('is not missing where a list cannot see it', async () => {
    const w = await givenWorld()
    await w.look(w.id)
    const call = { deadline: w.clock.now() + minute, signal: AbortSignal.timeout(minute) }
    expect((await w.under(before).list(call, [w.intent])).unread).toEqual([])
    const cloud = w.under(after)
    expect(await cloud.list(call, [w.intent])).toEqual({
      bindings: [],
      unread: [{ place: w.intent.scope, kind: 'conflict', why: expect.stringContaining('put back') }],
    })
    expect((await reconcileCloud(w.deps, cloud, call.signal)).found).toEqual([])
  })

  test('gets nothing: neither access nor credentials, and waits for its end', async () => {
    const w = await givenWorld()
    const cloud = w.under(after)
    await w.look(w.id)
    expect(await w.state()).toBe('provisioning')
    expect(await w.bindings.all()).toEqual([])
    const call = { deadline: w.clock.now() + minute, signal: AbortSignal.timeout(minute) }
    await expect(cloud.credentials?.(w.intent, { id: 's' }, call)).rejects.toMatchObject({ kind: 'conflict' })
  })

  test('leaves nothing where sessions of AWS refuse themselves from its end on', async () => {
    const w = await givenWorld()
    const configured = { mode: 'sts_assume_role', role_arn_template: 'a' }
    const session = { ...w.intent, provider: 'aws' as const, configured }
    const cloud = w.under({ mode: 'identity_center' })
    const call = { deadline: w.clock.now() + 2 * 3_600_000, signal: AbortSignal.timeout(minute) }
    await expect(cloud.remove(session, call)).rejects.toMatchObject({ kind: 'conflict' })
    w.clock.set(session.endsAt)
    expect(await cloud.remove(session, call)).toBe('absent')
    expect(await cloud.inspect(session, call)).toEqual({ kind: 'absent' })
  })
})

describe('what is kept of the configuration', () => {
  const aws = { defaultRegion: 'us-east-1', credentialsSource: 'static' } as const
  const sts = { ...aws, mode: 'sts_assume_role', sessionTags: 'required' } as const
  const center = { ...aws, mode: 'identity_center', identityStoreId: 'd-1' } as const
  const azure = { credentialsSource: 'managed_identity', authorityHost: 'h', baseUrl: 'b' } as const
  const clustersAt = (server: string, ...cas: readonly (string | undefined)[]) => {
    const connection = { server, token: { text: 't' } }
    const clusters = cas.map((text, index) => ({
      name: `c${index}`,
      connection: text === undefined ? connection : { ...connection, ca: { text } },
    }))
    return configuredOf({ kubernetes: { clusters } }).kubernetes ?? {}
  }
  const clustersOf = (...cas: readonly (string | undefined)[]) =>
    clustersAt('https://k8s.example:6443', ...cas)
  const [one, two, three, four, five] = ['one', 'two', 'three', 'four', 'five'].map(
    (text) =>
      `-----BEGIN CERTIFICATE-----\n${Buffer.from(text).toString('base64')}\n-----END CERTIFICATE-----\n`,
  )

  test.each([
    ['another authority', one, two, /^providers\.kubernetes\.clusters\.c0\.ca to sha256:[0-9a-f]{64}$/],
    ['another authority beside it', one, `${two}${one}`, undefined],
    ['an authority that was put in beside it', `${one}${two}`, two, undefined],
    ['no authority of its own', one, undefined, /clusters\.c0\.ca to sha256:/],
    ['an authority where there was none', undefined, one, /clusters\.c0\.ca to none/],
    ['a bundle of many', one, `${one}${two}${three}${four}${five}`, /clusters\.c0\.ca to sha256:/],
  ])('tells a cluster from one with %s', (_, given, present, expected) => {
    const configured = configuredAt(clustersOf(given, three), 'c0/checkout')
    expect(Object.keys(configured)).toHaveLength(given === undefined ? 1 : 2)
    const what = toPutBack({ provider: 'kubernetes', configured }, clustersOf(present, four))
    if (expected === undefined) expect(what).toBeUndefined()
    else expect(what).toMatch(expected)
    expect(toPutBack({ provider: 'kubernetes', configured }, {})).toContain('clusters.c0.')
  })

  test('tells a cluster from another behind the same authority', () => {
    const configured = configuredAt(clustersAt('https://rancher.example/k8s/clusters/c-aaa', one), 'c0')
    const present = clustersAt('https://rancher.example/k8s/clusters/c-bbb', one)
    expect(toPutBack({ provider: 'kubernetes', configured }, present)).toBe(
      'providers.kubernetes.clusters.c0.server to https://rancher.example/k8s/clusters/c-aaa',
    )
    // A former release kept the authority alone, or else the address alone.
    const { 'clusters.c0.ca': ca = '' } = configured
    const former = { provider: 'kubernetes', configured: { 'clusters.c0.ca': ca } } as const
    expect(toPutBack(former, present)).toBeUndefined()
    expect(toPutBack(former, clustersOf(two))).toContain('clusters.c0.ca to sha256:')
    const address = { 'clusters.c0.server': 'https://k8s.example:6443' }
    expect(toPutBack({ provider: 'kubernetes', configured: address }, clustersOf(undefined))).toBeUndefined()
  })

  const gcp = { credentialsSource: 'workload_identity_federation', baseUrl: 'b' } as const

  test.each([
    ['aws', { aws: { ...sts, roleArnTemplate: 'x' } }, { aws: { ...center, instanceArn: 'i' } }, 'mode'],
    ['aws', { aws: { ...center, instanceArn: 'i' } }, { aws: { ...sts, roleArnTemplate: 'x' } }, 'mode'],
    [
      'aws',
      { aws: { ...sts, roleArnTemplate: 'x' } },
      { aws: { ...sts, roleArnTemplate: 'y' } },
      'role_arn_template',
    ],
    [
      'aws',
      { aws: { ...center, instanceArn: 'i' } },
      { aws: { ...center, instanceArn: 'j' } },
      'instance_arn',
    ],
    ['azure', { azure: { ...azure, mode: 'role_assignment' } }, { azure: { ...azure, mode: 'pim' } }, 'mode'],
    [
      'gcp',
      { gcp: { ...gcp, conditionTitlePrefix: 'x' } },
      { gcp: { ...gcp, conditionTitlePrefix: 'y' } },
      'condition_title_prefix',
    ],
  ] as const)('tells %s from one whose place is elsewhere', (provider, first, second, key) => {
    const [given, present] = [configuredOf(first)[provider], configuredOf(second)[provider]]
    if (given === undefined) throw new Error('nothing is kept')
    expect(toPutBack({ provider, configured: given }, given)).toBeUndefined()
    expect(toPutBack({ provider, configured: given }, present)).toContain(
      `providers.${provider}.${key} to ${given[key]}`,
    )
    // Older intents do not say.
    expect(toPutBack({ provider }, present)).toBeUndefined()
  })
})

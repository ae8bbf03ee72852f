import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Intent } from '../../app/grant/intent.ts'
import { ProviderError } from '../../app/provider/port.ts'
import { gcpWorld } from '../support/gcp.ts'

const project = 'projects/example-prod'
let w: Awaited<ReturnType<typeof gcpWorld>>
beforeEach(async () => {
  w = await gcpWorld()
})
afterEach(() => w.gcp.close())

const fault = async (work: Promise<unknown>): Promise<ProviderError> => {
  const error: unknown = await work.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  )
  if (error instanceof ProviderError) return error
  throw error
}
const writes = () => w.gcp.calls.get('setIamPolicy') ?? 0
const throttled = {
  kind: 'throttled',
  retryAfter: 1000,
  message: expect.stringContaining('no token to be had'),
}
const conditional = (title: string, endsAt: number, members = ['user:zoe@example.com']) => ({
  role: 'roles/compute.viewer',
  members,
  condition: { title, expression: `request.time < timestamp("${new Date(endsAt).toISOString()}")` },
})

describe('a policy that others write too', () => {
  test('keeps what is theirs, to the byte', async () => {
    const theirs = [
      { role: 'roles/owner', members: ['user:root@example.com', 'group:admins@example.com'] },
      { ...conditional('gitsudo-of-somebody-else', 0) },
      {
        role: 'roles/storage.admin',
        members: ['user:person-1@example.com'],
        condition: { title: 'by day', description: 'the ünusual', expression: 'true' },
      },
    ]
    w.gcp.edit(project, () => theirs)
    const before = JSON.stringify(w.gcp.policy(project).bindings)
    const provider = w.provider()
    await provider.ensure(w.intent(1), w.call())
    expect(JSON.stringify(w.gcp.policy(project).bindings.slice(0, theirs.length))).toBe(before)
    await provider.remove(w.intent(1), w.call())
    expect(JSON.stringify(w.gcp.policy(project).bindings)).toBe(before)
  })

  test('is written once for all who wait, and not at all where it says so already', async () => {
    const provider = w.provider()
    const intents = Array.from({ length: 32 }, (_, number) => w.intent(number + 1))
    await Promise.all(intents.map((intent) => provider.ensure(intent, w.call())))
    expect(writes()).toBeLessThan(5)
    const before = writes()
    await Promise.all(intents.map((intent) => provider.ensure(intent, w.call())))
    expect(writes()).toBe(before)
  })

  test('who asks for what is not to be had does not take the others along', async () => {
    w.gcp.deleteAccount('user:person-3@example.com')
    const provider = w.provider()
    const intents = Array.from({ length: 8 }, (_, number) => w.intent(number + 1))
    const answers = await Promise.allSettled(intents.map((intent) => provider.ensure(intent, w.call())))
    expect(answers.map(({ status }) => status === 'fulfilled')).toEqual(
      intents.map((_, index) => index !== 2),
    )
    expect(answers[2]).toMatchObject({
      reason: { kind: 'invalid', message: expect.stringMatching(/does not exist/) },
    })
  })

  test('whose time is up first does not end it for the others', async () => {
    const provider = w.provider()
    w.gcp.faults.plan({ answer: 'hang', on: ['setIamPolicy'], count: 1 })
    const [hasty, patient] = await Promise.allSettled([
      provider.ensure(w.intent(1), w.call(300)),
      provider.ensure(w.intent(2), w.call()),
    ])
    expect(hasty).toMatchObject({ status: 'rejected', reason: { kind: 'unknown' } })
    expect(patient).toMatchObject({ status: 'fulfilled' })
  })

  test('loses our bindings that have run out, and nobody else’s', async () => {
    const provider = w.provider()
    const [first, second] = [w.intent(1), w.intent(2)]
    await provider.ensure(first, w.call())
    await w.provider('theirs').ensure(w.intent(3), w.call())
    w.clock.advance(first.endsAt - w.clock.now())
    await provider.ensure({ ...second, endsAt: second.endsAt + 3_600_000 }, w.call())
    const titles = w.gcp.policy(project).bindings.map(({ condition }) => condition?.title)
    expect(titles.map((title) => `${project} ${title}`)).not.toContain(provider.bindingKey(first))
    expect(titles).toHaveLength(2)
  })
})

describe('limits', () => {
  test('a policy full of principals, exempted ones included, has no room, and says so', async () => {
    w.gcp.edit(project, () => [
      {
        role: 'roles/browser',
        members: Array.from({ length: 1500 }, (_, number) => `user:crowd-${number}@example.com`),
      },
    ])
    const refused = await fault(w.provider().ensure(w.intent(1), w.call()))
    expect(refused).toMatchObject({ kind: 'invalid', message: expect.stringMatching(/1500 principals/) })
    expect(writes()).toBe(0)
  })

  test('twenty conditions of one role and principal are the most; one of them less makes room', async () => {
    const later = w.clock.now() + 3_600_000
    w.gcp.edit(project, () =>
      Array.from({ length: 20 }, (_, number) =>
        conditional(`other ${number}`, later, ['user:person-1@example.com']),
      ),
    )
    const refused = await fault(w.provider().ensure(w.intent(1), w.call()))
    expect(refused).toMatchObject({ kind: 'invalid', message: expect.stringMatching(/20 conditions/) })
    w.gcp.edit(project, (bindings) => bindings.slice(1))
    expect(await w.provider().ensure(w.intent(1), w.call())).toMatchObject({ kind: 'present' })
  })

  const limits = async ({ cloudRole, scope }: Intent) => w.provider().limits?.({ cloudRole, scope }, w.call())
  /** What `ensure` would be asked for. */
  const asked = (intent: Intent) => ({ ...intent, seconds: 3600 })

  test('are told before anything is asked for: a policy full of principals', async () => {
    w.gcp.edit(project, () => [
      {
        role: 'roles/browser',
        members: Array.from({ length: 1499 }, (_, number) => `user:crowd-${number}@example.com`),
      },
    ])
    expect((await limits(w.intent(1)))?.(asked(w.intent(1)))).toEqual([])
    w.gcp.edit(project, (bindings) => [
      ...bindings,
      { role: 'roles/viewer', members: ['user:zoe@example.com'] },
    ])
    expect((await limits(w.intent(1)))?.(asked(w.intent(1)))).toEqual([
      {
        needed: 'fewer than 1500 principals in the policy of projects/example-prod',
        had: 'the policy of projects/example-prod has no room: it names 1500 principals, and Google Cloud takes 1500',
        remedy: expect.stringMatching(/^take some out/),
      },
    ])
    expect(writes()).toBe(0)
  })

  test('and a principal who has the role under twenty conditions, unless ours among them will have ended', async () => {
    const provider = w.provider()
    const alice = { principal: 'person-1@example.com' }
    const [first] = await Promise.all(
      Array.from({ length: 20 }, async (_, number) => {
        const intent = w.intent(number + 1, alice)
        await provider.ensure(intent, w.call())
        return intent
      }),
    )
    const [next, another] = [w.intent(21, alice), w.intent(22)]
    const judge = await limits(next)
    expect(judge?.(asked(next))).toEqual([
      {
        needed: 'fewer than 20 conditions for one role and principal',
        had: expect.stringMatching(/user:person-1@example.com has roles\/compute.viewer under 20 conditions/),
        remedy: expect.stringMatching(/until one of them has ended/),
      },
    ])
    expect(judge?.(asked(another))).toEqual([])
    expect(judge?.({ ...asked(next), startsAt: first?.endsAt ?? 0 })).toEqual([])
  })

  test('that cannot be read are trouble, no refusal', async () => {
    w.gcp.withdraw('resourcemanager.projects.getIamPolicy')
    expect((await fault(limits(w.intent(1)))).kind).toBe('forbidden')
  })
})

test.each([
  ['organizations/42', true],
  ['folders/7', true],
  [project, true],
])('a grant on %s lets its principal into the project below', async (scope) => {
  const intent = w.intent(1, { scope })
  await w.provider().ensure(intent, w.call())
  expect(w.getsIn({ ...intent, scope: project })).toBe(true)
  expect(await w.provider().remove(intent, w.call())).toBe('absent')
  expect(w.getsIn({ ...intent, scope: project })).toBe(false)
})

test('an early revocation is not called done by a read that is older than the grant', async () => {
  const intent = w.intent(1)
  await w.provider().ensure(intent, w.call())
  const heal = w.gcp.faults.plan({ answer: 'stale', on: ['getIamPolicy'] })
  expect((await fault(w.provider().remove(intent, w.call(500)))).kind).toBe('conflict')
  heal()
  expect(w.getsIn(intent)).toBe(true)
  expect(await w.provider().remove(intent, w.call())).toBe('absent')
  expect(w.getsIn(intent)).toBe(false)
})

test('a condition rewritten into what never ends shows as lasting for ever, and goes with the grant', async () => {
  const intent = w.intent(1)
  const provider = w.provider()
  await provider.ensure(intent, w.call())
  w.gcp.edit(project, (bindings) =>
    bindings.map((one) => ({ ...one, condition: { ...one.condition, expression: 'true' } })),
  )
  const seen = await provider.inspect(intent, w.call())
  expect(seen.kind === 'present' && (seen.expiresAt ?? 0) > intent.endsAt + 365 * 86_400_000).toBe(true)
  expect(await provider.remove(intent, w.call())).toBe('absent')
  expect(w.getsIn(intent)).toBe(false)
})

describe('what gitsudo can see', () => {
  test('is listed page by page, but for what others show it and let nobody read', async () => {
    for (let number = 0; number < 520; number++) w.gcp.addResource(`projects/many-${number}`, 'folders/7')
    w.gcp.addResource('projects/a-trap', undefined, true)
    const scopes = ['projects/many-7', 'projects/many-519', 'folders/7', 'organizations/42']
    const provider = w.provider()
    for (const [number, scope] of scopes.entries())
      await provider.ensure(w.intent(number, { scope }), w.call())
    const { bindings: listed } = await provider.list(w.call(30_000), [])
    expect(listed.map(({ scope }) => scope).sort()).toEqual([...scopes].sort())
    expect(listed).toContainEqual({
      grant: w.intent(0).grant,
      handle: provider.bindingKey(w.intent(0, { scope: 'projects/many-7' })),
      principal: 'user:person-0@example.com',
      role: 'roles/compute.viewer',
      scope: 'projects/many-7',
      expiresAt: w.intent(0).endsAt,
    })
  })

  test.each([
    ['is looked at all the same', () => undefined, [1], []],
    [
      'is named where it cannot be read',
      () => w.gcp.withdraw('resourcemanager.projects.getIamPolicy'),
      [],
      [{ place: project, kind: 'forbidden', why: expect.stringContaining('getIamPolicy') }],
    ],
  ])('where a grant is and Google does not show %s', async (_, withdraw, grants, unread) => {
    const intent = w.intent(1)
    await w.provider().ensure(intent, w.call())
    w.gcp.withdraw('resourcemanager.projects.get')
    withdraw()
    const listed = await w.provider().list(w.call(), [intent])
    expect(listed.bindings.map(({ grant }) => grant)).toEqual(grants.map(() => intent.grant))
    expect(listed.unread).toEqual(unread)
  })
})

describe('federation', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'gitsudo-gcp-'))
  })
  afterEach(() => rm(dir, { recursive: true, force: true }))
  const federated = async (mend: (token: string) => string = (token) => token) => {
    const file = join(dir, 'token')
    const { token, configuration } = w.gcp.federation(file)
    await writeFile(file, mend(token))
    return w.provider('ours', {
      credentialsSource: 'workload_identity_federation',
      credentials: configuration,
    })
  }

  test('exchanges its token once, and again when Google no longer takes it', async () => {
    const provider = await federated()
    const intent = w.intent(1)
    await provider.ensure(intent, w.call())
    await provider.inspect(intent, w.call())
    expect(w.gcp.calls.get('token')).toBe(1)
    w.gcp.expireTokens()
    expect(await provider.remove(intent, w.call())).toBe('absent')
    expect(w.gcp.calls.get('token')).toBe(2)
  })

  test('says that the credentials are refused, and nothing of what they are', async () => {
    const provider = await federated((token) => `not-${token}`)
    const refused = await fault(provider.ensure(w.intent(1), w.call()))
    expect(refused).toMatchObject({
      kind: 'forbidden',
      message: expect.stringMatching(/Google refuses the configured credentials: .*subject token/),
    })
    expect(refused.message).not.toMatch(/not-[0-9a-f]{8}/)
    expect(await provider.check(w.call())).toEqual([refused.message])
  })

  test('a token endpoint that is away is trouble, no refusal', async () => {
    const provider = await federated()
    w.gcp.faults.plan({ answer: 'reset', on: ['token'] })
    expect((await fault(provider.ensure(w.intent(1), w.call()))).kind).toBe('unavailable')
  })

  test('a token endpoint that throttles is no refusal, and is left alone as it asks', async () => {
    const provider = await federated()
    w.gcp.faults.plan({ answer: 'throttled', on: ['token'] })
    expect(await fault(provider.ensure(w.intent(1), w.call()))).toMatchObject(throttled)
  })

  test('a token that never comes holds up no later call', async () => {
    const provider = await federated()
    w.gcp.faults.plan({ answer: 'hang', on: ['token'], count: 1 })
    expect((await fault(provider.ensure(w.intent(1), w.call(500)))).kind).toBe('unknown')
    await provider.ensure(w.intent(2), w.call())
  })
})

test.each([
  ['service_account_key', {}, /client_email/],
  ['workload_identity_federation', {}, /audience/],
  [
    'workload_identity_federation',
    { audience: '//iam', subject_token_type: 'jwt', credential_source: { executable: { command: 'id' } } },
    /a program to run/,
  ],
] as const)(
  'credentials of %s that are none are refused in words: %j',
  async (credentialsSource, credentials, says) => {
    const provider = w.provider('ours', { credentialsSource, credentials })
    const refused = await fault(provider.ensure(w.intent(1), w.call()))
    expect(refused).toMatchObject({ kind: 'forbidden', message: expect.stringMatching(says) })
  },
)

test('without a credentials file, the metadata server says who gitsudo is', async () => {
  vi.stubEnv('GCE_METADATA_HOST', new URL(w.gcp.url).host)
  const provider = w.provider('ours', { credentialsSource: 'workload_identity_federation' })
  await provider.ensure(w.intent(1), w.call()).finally(() => vi.unstubAllEnvs())
  expect(w.getsIn(w.intent(1))).toBe(true)
  expect(w.gcp.calls.get('token')).toBe(1)
})

test('a metadata server that throttles is no refusal, and is left alone as it asks', async () => {
  vi.stubEnv('GCE_METADATA_HOST', new URL(w.gcp.url).host)
  const provider = w.provider('ours', { credentialsSource: 'workload_identity_federation' })
  w.gcp.faults.plan({ answer: 'throttled', on: ['token'] })
  const refused = await fault(provider.ensure(w.intent(1), w.call())).finally(() => vi.unstubAllEnvs())
  expect(refused).toMatchObject(throttled)
})

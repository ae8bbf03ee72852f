import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Intent } from '../../app/grant/intent.ts'
import { sessionOf } from '../../app/provider/aws/session.ts'
import { type Provider, ProviderError } from '../../app/provider/port.ts'
import { cloudName } from '../../app/request/id.ts'
import { account, allowing, awsWorld, keysIn, mayDescribe, roleArn, self, trusting } from '../support/aws.ts'

const minute = 60_000
let w: Awaited<ReturnType<typeof awsWorld>>
beforeEach(async () => {
  w = await awsWorld()
})
afterEach(() => w.aws.close())

const fault = async (work: Promise<unknown>): Promise<ProviderError> => {
  const error: unknown = await work.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  )
  if (error instanceof ProviderError) return error
  throw error
}
const take = async (intent: Intent, provider: Provider = w.provider()) => {
  w.given.add(intent.grant)
  const given = await provider.credentials?.(intent, { id: 's' }, w.call())
  if (given === undefined) throw new Error('no credentials')
  return keysIn(given.environment)
}
const inline = (name: string) => [...w.aws.policies(roleArn(name)).values()].join('\n')
const removed = async (intent: Intent, provider = w.provider()) => {
  for (let tries = 0; tries < 5; tries++) {
    if ((await provider.remove(intent, w.call())) === 'absent') return
    w.clock.advance(2 * minute)
  }
  throw new Error('never removed')
}

describe('a session', () => {
  test.each([
    [undefined, ['sts:AssumeRole', 'sts:AssumeRoot']],
    [true, undefined],
  ] as const)('becomes neither another role nor root: chain %s', (chain, denied) => {
    const { Policy = '' } = sessionOf(w.intent(1, chain && { chain }), 'r', undefined, w.clock.now())
    const { Statement: statements } = JSON.parse(Policy)
    expect(statements[2]?.Action).toEqual(denied)
  })

  test('has tags that are cut between characters, not inside one', () => {
    const reason = `${'a'.repeat(255)}\u{10400}`
    const { Tags = [] } = sessionOf(w.intent(1, { reason }), 'r', undefined, w.clock.now())
    expect(Tags.at(-1)?.Value).toBe(`${'a'.repeat(255)}_`)
  })

  test('carries who asked, for what and why, and ends with its grant, not with AWS’s 15 minutes', async () => {
    const intent = w.intent(1, {
      reason: 'INC-7: <look>; "now" & ünusual',
      endsAt: w.clock.now() + 20 * minute,
    })
    w.clock.advance(18 * minute)
    const keys = await take(intent)
    expect(w.aws.sessions().at(-1)).toMatchObject({
      name: `gitsudo-${intent.grant.toLowerCase().replace('_', '-')}`,
      sourceIdentity: 'alice@1001',
      tags: {
        'gitsudo:RequestID': intent.grant,
        'gitsudo:UserIdentity': 'person-1@example.com',
        'gitsudo:Reason': 'INC-7: _look__ _now_ _ ünusual',
      },
    })
    expect(await mayDescribe(w.aws.url, keys)).toBe(true)
    w.clock.advance(2 * minute)
    expect(await mayDescribe(w.aws.url, keys)).toBe(false)
  })

  test.each([
    [undefined, false],
    [true, true],
  ] as const)('assumes further roles where the catalogue says chain: %s', async (chain, can) => {
    w.aws.addRole(roleArn('next'), trusting(`arn:aws:iam::${account}:root`, ['sts:AssumeRole'], null))
    const intent = w.intent(1, chain === undefined ? {} : { chain })
    const provider = w.provider()
    const credentials = await take(intent, provider)
    const sts = new STSClient({ region: 'us-east-1', endpoint: w.aws.url, credentials, maxAttempts: 1 })
    const next = sts.send(new AssumeRoleCommand({ RoleArn: roleArn('next'), RoleSessionName: 'on' }))
    expect(
      await next.then(
        () => true,
        () => false,
      ),
    ).toBe(can)
    expect(provider.lingerMs?.(intent)).toBe(can ? 3_600_000 : 0)
  })

  test('goes without what an old trust policy does not allow, if it may, and says so', async () => {
    w.aws.addRole(roleArn('old'), trusting(self, ['sts:AssumeRole']), 3600)
    const intent = w.intent(1, { cloudRole: 'old' })
    const refused = await fault(w.provider().ensure(intent, w.call()))
    expect(refused).toMatchObject({ kind: 'forbidden', message: expect.stringContaining('sts:TagSession') })
    const given = await w.provider('ours', { sessionTags: 'optional' }).ensure(intent, w.call())
    expect(given.without).toEqual(['sts:TagSession', 'sts:SetSourceIdentity'])
    expect(w.log.lines.filter(({ fields }) => fields.without !== undefined)).toHaveLength(2)
    // Nothing else is retried: without the external id the role is not to be had.
    const stranger = w.provider('ours', { sessionTags: 'optional', externalId: 'other' })
    expect((await fault(stranger.ensure(intent, w.call()))).kind).toBe('forbidden')
  })
})

describe('an early revocation', () => {
  test('refuses that grant’s sessions, those to come included, and nobody else’s', async () => {
    const [first, second] = [w.intent(1), w.intent(51)]
    const [mine, theirs] = [await take(first), await take(second)]
    await removed(first)
    expect(await mayDescribe(w.aws.url, mine)).toBe(false)
    expect(await mayDescribe(w.aws.url, await take(first))).toBe(false)
    expect(await mayDescribe(w.aws.url, theirs)).toBe(true)
  })

  test('writes nothing where nobody had credentials, and nothing after the end', async () => {
    const provider = w.provider()
    expect(await provider.remove(w.intent(1), w.call())).toBe('absent')
    const intent = w.intent(2)
    await take(intent)
    w.clock.advance(intent.endsAt - w.clock.now())
    expect(await provider.remove(intent, w.call())).toBe('absent')
    expect(w.aws.calls.get('PutRolePolicy')).toBeUndefined()
  })

  test('is not done before the denial has been there for five minutes', async () => {
    const intent = w.intent(1)
    await take(intent)
    const provider = w.provider()
    expect(await provider.remove(intent, w.call())).toBe('removing')
    w.clock.advance(5 * minute - 1)
    expect(await provider.remove(intent, w.call())).toBe('removing')
    w.clock.advance(1)
    expect(await provider.remove(intent, w.call())).toBe('absent')
  })

  test('is not done before that by a replica whose clock differs from the one that wrote it', async () => {
    const of = (skew: number) => {
      const now = () => w.clock.now() + skew
      return {
        provider: w.provider('ours', { clock: { now } }),
        call: () => ({ deadline: now() + 10_000, signal: AbortSignal.timeout(10_000) }),
      }
    }
    const [behind, right, ahead] = [of(-5 * minute), of(0), of(5 * minute)]
    w.clock.advance(10 * minute)
    for (const [writer, reader, number] of [
      [behind, right, 1],
      [right, ahead, 2],
      [ahead, right, 3],
    ] as const) {
      const [intent, other] = [w.intent(number), w.intent(number + 50)]
      for (const one of [intent, other]) await take(one)
      const keys = await take(intent)
      expect(await writer.provider.remove(intent, writer.call())).toBe('removing')
      w.clock.advance(30_000)
      // Whoever writes next says of nobody too early that he is refused.
      await reader.provider.remove(other, reader.call())
      const gone = async () => {
        for (const one of [writer, reader])
          if ((await one.provider.remove(intent, one.call())) === 'absent') return true
        return false
      }
      while (!(await gone())) w.clock.advance(15_000)
      expect(await mayDescribe(w.aws.url, keys)).toBe(false)
      expect(w.clock.now()).toBeLessThan(intent.startsAt + 6 * minute)
    }
  })

  test('has brought nobody back for a replica that starts afterwards, whatever its clock', async () => {
    const intent = w.intent(1)
    await take(intent)
    const now = () => w.clock.now() + 4 * minute
    const call = { deadline: now() + 10_000, signal: AbortSignal.timeout(10_000) }
    expect(await w.provider('ours', { clock: { now } }).remove(intent, call)).toBe('removing')
    w.clock.advance(12 * minute)
    expect(await w.provider().regained?.([intent], w.call())).toEqual([])
    w.aws.edit(roleArn('reader-1'), (policies) => policies.clear())
    expect(await w.provider().regained?.([intent], w.call())).toMatchObject([{ grant: intent.grant }])
  })

  test('puts back what another’s write lost, whoever writes next', async () => {
    const [first, second] = [w.intent(1), w.intent(51)]
    for (const intent of [first, second]) await take(intent)
    const provider = w.provider()
    await provider.remove(first, w.call())
    w.aws.edit(roleArn('reader-1'), (policies) => policies.clear())
    await provider.remove(second, w.call())
    expect(inline('reader-1')).toMatch(new RegExp(first.grant.slice(4).toLowerCase()))
  })

  test('leaves other policies of the role alone, and takes its own away when all in it are dead', async () => {
    const other = JSON.stringify(allowing(['s3:*']), null, 2)
    w.aws.edit(roleArn('reader-1'), (policies) => policies.set('theirs', other))
    const [first, second] = [w.intent(1), w.intent(51, { endsAt: w.clock.now() + 11 * 3_600_000 })]
    await take(first)
    await removed(first)
    expect(w.aws.policies(roleArn('reader-1')).size).toBe(2)
    w.clock.advance(24 * 3_600_000)
    const later = { ...second, startsAt: w.clock.now(), endsAt: w.clock.now() + 3_600_000 }
    await take(later)
    await w.provider().remove(later, w.call())
    expect(inline('reader-1')).not.toMatch(new RegExp(first.grant.slice(4).toLowerCase()))
    expect(w.aws.policies(roleArn('reader-1')).get('theirs')).toBe(other)
  })

  test('that finds no room is a debt, and says until when', async () => {
    const crowd = JSON.stringify(allowing(Array.from({ length: 680 }, (_, number) => `s3:Get${number}Xyz`)))
    w.aws.edit(roleArn('reader-1'), (policies) => policies.set('theirs', crowd))
    const intent = w.intent(1)
    await take(intent)
    expect(await fault(w.provider().remove(intent, w.call()))).toMatchObject({
      kind: 'conflict',
      message: expect.stringMatching(/no room.*ends with the grant/),
    })
  })

  test('of more than there is room for, those that end first are refused, and only the others hear so', async () => {
    const crowd = Array.from({ length: 170 }, (_, number) =>
      w.intent(1 + number * 50, { endsAt: w.clock.now() + 3_600_000 + number * 1000 }),
    )
    for (const { grant } of crowd) w.given.add(grant)
    w.revoking().push(...crowd)
    const listed = () => crowd.filter(({ grant }) => inline('reader-1').includes(cloudName(grant)))
    const [first, last] = [crowd.slice(0, 1), crowd.slice(-1)].flat()
    if (first === undefined || last === undefined) throw new Error('nobody')
    const noRoom = { kind: 'conflict', message: expect.stringMatching(/no room/) }
    const provider = w.provider()
    expect(await fault(provider.remove(last, w.call()))).toMatchObject(noRoom)
    const refused = listed()
    expect(refused.length).toBeGreaterThan(100)
    expect(refused).toEqual(crowd.slice(0, refused.length))
    expect(await provider.remove(first, w.call())).toBe('removing')
    w.clock.advance(6 * minute)
    expect(await provider.remove(first, w.call())).toBe('absent')
    expect(await fault(provider.remove(last, w.call()))).toMatchObject(noRoom)
    expect(listed()).toEqual(refused)
    // What others' policies take is not known before.
    const theirs = JSON.stringify(allowing(Array.from({ length: 150 }, (_, number) => `s3:Get${number}Xyz`)))
    w.aws.edit(roleArn('reader-1'), (policies) => {
      policies.clear()
      policies.set('theirs', theirs)
    })
    expect(await fault(provider.remove(last, w.call()))).toMatchObject(noRoom)
    const fewer = listed().length
    expect(fewer).toBeGreaterThan(60)
    expect(fewer).toBeLessThan(refused.length)
  })

  test('fifty of them are the most for grants that nobody approved', async () => {
    const provider = w.provider()
    const crowd = Array.from({ length: 50 }, (_, number) => w.intent(1 + number * 50))
    for (const { grant } of crowd) w.given.add(grant)
    await Promise.all(crowd.map((intent) => provider.remove(intent, w.call(30_000))))
    const refused = await fault(provider.ensure(w.intent(5001, { auto: true }), w.call()))
    expect(refused).toMatchObject({ kind: 'invalid', message: expect.stringMatching(/50 revoked/) })
    expect((await provider.ensure(w.intent(5001), w.call())).kind).toBe('present')
    // What is dead stays in the policy until the next revocation, and counts no more.
    w.clock.advance(24 * 60 * minute)
    expect((await provider.ensure(w.intent(5001, { auto: true }), w.call())).kind).toBe('present')
    expect(crowd.every(({ grant }) => inline('reader-1').includes(cloudName(grant)))).toBe(true)
  })
})

describe('another account', () => {
  const [elsewhere, manager] = ['210987654321', 'gitsudo-manager']
  const policy = ['iam:GetRole', 'iam:GetRolePolicy', 'iam:PutRolePolicy', 'iam:DeleteRolePolicy']
  beforeEach(() => {
    w.aws.addRole(roleArn('reader', elsewhere), trusting(self), 3600, [
      'arn:aws:iam::aws:policy/AdministratorAccess',
    ])
    w.aws.addRole(roleArn(manager, elsewhere), trusting(self))
    w.aws.edit(roleArn(manager, elsewhere), (policies) =>
      policies.set('roles', JSON.stringify(allowing(policy))),
    )
  })

  test('needs a role there that looks after its roles', async () => {
    w.clock.advance(6 * minute)
    const intent = w.intent(1, { scope: elsewhere, cloudRole: 'reader' })
    expect(await fault(w.provider().ensure(intent, w.call()))).toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining('manager_role_arn_template'),
    })
    const provider = w.provider('ours', { managerRoleArnTemplate: `arn:aws:iam::{scope}:role/${manager}` })
    await provider.ensure(intent, w.call())
    const keys = await take(intent, provider)
    await removed(intent, provider)
    expect(await mayDescribe(w.aws.url, keys)).toBe(false)
  })

  test.each([
    ['in a third account', roleArn(manager, '333333333333')],
    ['in gitsudo’s own account', roleArn(manager)],
  ])(
    'is not looked for with a role %s, where nothing of it is: nothing is said to be gone',
    async (_of, arn) => {
      w.aws.addRole(arn, trusting(self))
      w.aws.edit(arn, (policies) => policies.set('roles', JSON.stringify(allowing(policy))))
      w.clock.advance(6 * minute)
      const intent = w.intent(1, { scope: elsewhere, cloudRole: 'reader' })
      w.given.add(intent.grant)
      const provider = w.provider('ours', { managerRoleArnTemplate: arn })
      const refused = { kind: 'invalid', message: expect.stringContaining('{scope}') }
      for (const asked of [provider.inspect, provider.remove, provider.ensure])
        expect(await fault(asked(intent, w.call()))).toMatchObject(refused)
    },
  )
})

test('a role of another partition is not this one, and nothing is said to be gone', async () => {
  const intent = w.intent(1)
  await take(intent)
  const provider = w.provider('ours', { roleArnTemplate: 'arn:aws-cn:iam::{scope}:role/{role}' })
  const refused = { kind: 'invalid', message: expect.stringContaining(roleArn('reader-1')) }
  for (const asked of [provider.inspect, provider.remove])
    expect(await fault(asked(intent, w.call()))).toMatchObject(refused)
})

describe('who gitsudo is', () => {
  const own = roleArn('gitsudo-machine')
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'gitsudo-irsa-'))
    w.aws.addRole(own, trusting(`arn:aws:iam::${account}:root`), 3600, [
      'arn:aws:iam::aws:policy/AdministratorAccess',
    ])
    w.aws.addRole(roleArn('open'), trusting(own), 43_200)
    vi.stubEnv('AWS_EC2_METADATA_SERVICE_ENDPOINT', w.aws.url)
    vi.stubEnv('AWS_ROLE_ARN', own)
    vi.stubEnv('AWS_WEB_IDENTITY_TOKEN_FILE', join(dir, 'token'))
    await writeFile(join(dir, 'token'), w.aws.webIdentity(own))
    w.aws.runAs(own)
  })
  afterEach(async () => {
    vi.unstubAllEnvs()
    await rm(dir, { recursive: true, force: true })
  })

  test.each(['irsa', 'instance_profile'] as const)(
    'is said by %s, again when AWS no longer takes it',
    async (source) => {
      const provider = w.provider('ours', { credentialsSource: source })
      const intent = w.intent(1, { cloudRole: 'open' })
      await provider.ensure(intent, w.call())
      w.aws.expireTokens()
      await provider.ensure(intent, w.call())
      const long = w.intent(2, { cloudRole: 'open', endsAt: w.clock.now() + 61 * minute })
      expect(await fault(provider.ensure(long, w.call()))).toMatchObject({
        kind: 'invalid',
        message: expect.stringMatching(/a session assumed from a role/),
      })
    },
  )

  test.each([
    ['irsa', 'AssumeRoleWithWebIdentity', 'throttled'],
    ['irsa', 'AssumeRoleWithWebIdentity', 'unavailable'],
    ['instance_profile', 'metadata', 'unavailable'],
  ] as const)('is not said by %s while %s is %s: trouble, no refusal', async (source, on, answer) => {
    const provider = w.provider('ours', { credentialsSource: source })
    w.aws.faults.plan({ answer, on: [on] })
    expect((await fault(provider.ensure(w.intent(1), w.call()))).kind).toBe(answer)
  })

  test('is refused in words that hold nothing of the token', async () => {
    await writeFile(join(dir, 'token'), 'secret-of-a-pod')
    const provider = w.provider('ours', { credentialsSource: 'irsa' })
    const refused = await fault(provider.ensure(w.intent(1), w.call()))
    expect(refused).toMatchObject({ kind: 'forbidden', message: expect.stringContaining('AWS refuses') })
    expect(refused.message).not.toContain('secret-of-a-pod')
    expect(await provider.check(w.call())).toEqual([expect.stringContaining('AWS refuses')])
  })
})

test('more than the role’s MaxSessionDuration is refused before anything is given', async () => {
  w.aws.addRole(roleArn('short'), trusting(self), 3600)
  const longer = w.intent(1, { cloudRole: 'short', endsAt: w.clock.now() + 61 * minute })
  expect(await fault(w.provider().ensure(longer, w.call()))).toMatchObject({
    kind: 'invalid',
    message: expect.stringContaining('MaxSessionDuration'),
  })
})

test('and told before anything is asked for', async () => {
  w.aws.addRole(roleArn('short'), trusting(self), 3600)
  const provider = w.provider()
  const { principal, startsAt } = w.intent(1)
  const asked = { principal, cloudRole: 'short', scope: account, startsAt }
  const judge = await provider.limits?.(asked, w.call())
  expect(judge?.({ ...asked, seconds: 3600 })).toEqual([])
  expect(judge?.({ ...asked, seconds: 3660 })).toEqual([
    {
      needed: 'a duration of at most 1h, the MaxSessionDuration of arn:aws:iam::123456789012:role/short',
      had: '1h1m is more than the MaxSessionDuration of arn:aws:iam::123456789012:role/short, 1h',
      remedy: expect.stringMatching(/^ask for at most 1h, or /),
    },
  ])
  const none = { cloudRole: 'nobody-made-it', scope: account }
  expect(await fault(Promise.resolve(provider.limits?.(none, w.call())))).toMatchObject({ kind: 'not_found' })
  w.aws.withdraw('iam:GetRole')
  expect(await fault(Promise.resolve(provider.limits?.(asked, w.call())))).toMatchObject({
    kind: 'forbidden',
  })
})

test('the double takes no request whose signature is wrong or missing', async () => {
  const credentials = { accessKeyId: w.keys.accessKeyId, secretAccessKey: 'another' }
  expect(await mayDescribe(w.aws.url, credentials)).toBe(false)
  expect((await fetch(w.aws.url, { method: 'POST', body: 'Action=GetCallerIdentity' })).status).toBe(403)
})

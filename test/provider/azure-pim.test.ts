import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { callMs, sealMs } from '../../app/grant/bounds.ts'
import { refusals } from '../../app/grant/grantable.ts'
import { ProviderError } from '../../app/provider/port.ts'
import { azureWorld, foreignAnswers, person, reader, subscription } from '../support/azure.ts'
import { memoryWorld } from '../support/memory/world.ts'

const minute = 60_000
let w: Awaited<ReturnType<typeof azureWorld>>
beforeEach(async () => {
  w = await azureWorld('pim')
})
afterEach(() => w.azure.close())

const fault = async (work: Promise<unknown>): Promise<ProviderError> => {
  const error: unknown = await work.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  )
  if (error instanceof ProviderError) return error
  throw error
}
const stranger = 'f0000000-0000-4000-8000-000000000001'
const theirs = {
  roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${reader}`,
  principalId: person(1),
}
const byTheirAdministrator = () =>
  w.azure.pim.request(subscription, stranger, {
    ...theirs,
    requestType: 'AdminAssign',
    justification: 'on call',
    scheduleInfo: { expiration: { type: 'AfterDuration', duration: 'PT7200S' } },
  })

test('a request carries mark, reason and ticket, and PIM ends it by itself', async () => {
  const intent = w.intent(1)
  const made = await w.provider().ensure(intent, w.call())
  expect(made.expiresAt).toBe(intent.endsAt)
  expect(w.azure.pim.requests(person(1))).toMatchObject([
    {
      requestType: 'AdminAssign',
      justification: expect.stringMatching(/^gitsudo-[0-9a-v]{8}-req-\w{26} INC-4421$/),
    },
  ])
  w.clock.advance(intent.endsAt - w.clock.now())
  expect(w.getsIn(intent)).toBe(false)
})

test.each(foreignAnswers)('%s in the place of an answer, with 200, is not gone', async (_name, answer) => {
  const [intent, provider] = [w.intent(1), w.provider()]
  await provider.ensure(intent, w.call())
  w.azure.intercept(['roleAssignmentScheduleInstances/read'], answer)
  expect((await fault(provider.inspect(intent, w.call()))).kind).toBe('unknown')
  expect((await fault(provider.list(w.call(), [intent]))).kind).toBe('unknown')
  w.clock.advance(intent.endsAt - w.clock.now())
  expect((await fault(provider.remove(intent, w.call()))).kind).toBe('unknown')
  w.azure.intercept(['roleAssignmentScheduleInstances/read'])
  expect(await provider.remove(intent, w.call())).toBe('absent')
})

test('a revocation within five minutes is refused, says why, and when to come back', async () => {
  const intent = w.intent(1)
  const provider = w.provider()
  await provider.ensure(intent, w.call())
  w.clock.advance(2 * minute)
  expect(await fault(provider.remove(intent, w.call()))).toMatchObject({
    kind: 'conflict',
    message: expect.stringMatching(/within 5 minutes of its start/),
    retryAfter: 3 * minute,
  })
  expect(w.getsIn(intent)).toBe(true)
  w.clock.advance(3 * minute)
  expect(await provider.remove(intent, w.call())).toBe('absent')
  expect(w.getsIn(intent)).toBe(false)
})

test('what PIM is slow to provision is waited for, and else asked for again', async () => {
  const provider = w.provider()
  w.azure.setProvisionMs(200)
  expect(await provider.ensure(w.intent(1), w.call())).toMatchObject({ kind: 'present' })
  w.azure.setProvisionMs(3000)
  expect(await fault(provider.ensure(w.intent(2), w.call()))).toMatchObject({ kind: 'unavailable' })
  expect(await fault(provider.ensure(w.intent(2), w.call()))).toMatchObject({
    kind: 'conflict',
    message: expect.stringMatching(/pending/),
  })
})

test.each(['throttled', 'forbidden', 'conflict'] as const)(
  'a read that is %s after PIM has accepted is no answer to the request',
  async (answer) => {
    const intent = w.intent(1)
    const longer = { ...w.intent(2, { principal: intent.principal }), endsAt: intent.endsAt + 60 * minute }
    for (const one of [intent, longer]) {
      w.azure.faults.plan({ answer, on: ['roleAssignmentScheduleInstances/read'], after: 1, count: 1 })
      const refused = await fault(w.provider().ensure(one, w.call()))
      expect(refused.kind).toBe('unknown')
      if (answer === 'throttled') expect(refused.retryAfter).toBeGreaterThan(0)
      expect(w.getsIn(one)).toBe(true)
    }
    expect(w.azure.pim.requests(person(1)).map(({ requestType }) => requestType)).toEqual([
      'AdminAssign',
      'AdminUpdate',
    ])
  },
)

test('a longer grant of the same access moves the end, and is cut back to what is left', async () => {
  const provider = w.provider()
  const short = w.intent(1)
  const long = { ...w.intent(2, { principal: short.principal }), endsAt: short.endsAt + 60 * minute }
  await provider.ensure(short, w.call())
  expect(await provider.ensure(long, w.call())).toMatchObject({ expiresAt: long.endsAt })
  expect(await provider.ensure(short, w.call())).toMatchObject({ expiresAt: long.endsAt })
  expect(await provider.cutBack?.(short, w.call())).toMatchObject({ expiresAt: short.endsAt })
  const types = w.azure.pim.requests(person(1)).map(({ requestType }) => requestType)
  expect(types).toEqual(['AdminAssign', 'AdminUpdate', 'AdminUpdate'])
})

describe('an assignment that others made', () => {
  test.each([
    ['without PIM', () => w.azure.assign(subscription, stranger, theirs)],
    ['with PIM', byTheirAdministrator],
  ])('%s is not taken for a grant, and stays', async (_how, make) => {
    make()
    w.clock.advance(6 * minute)
    const provider = w.provider()
    expect(await fault(provider.ensure(w.intent(1), w.call()))).toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(/not gitsudo’s: take it away first/),
    })
    expect(await provider.inspect(w.intent(1), w.call())).toEqual({ kind: 'absent' })
    expect(await provider.remove(w.intent(1), w.call())).toBe('absent')
    expect((await provider.list(w.call(), [])).bindings).toEqual([])
    expect(w.getsIn(w.intent(1))).toBe(true)
  })

  test('in the place of a grant that is over is not the grant', async () => {
    const intent = w.intent(1)
    const provider = w.provider()
    await provider.ensure(intent, w.call())
    w.azure.pim.drop(w.azure.pim.keyOf(subscription, reader, person(1)))
    byTheirAdministrator()
    w.clock.advance(6 * minute)
    expect(await provider.inspect(intent, w.call())).toEqual({ kind: 'absent' })
    expect(await provider.remove(intent, w.call())).toBe('absent')
    expect(w.getsIn(intent)).toBe(true)
  })
})

test('an early revocation is not called done by a read that is older than the grant', async () => {
  const intent = w.intent(1)
  const provider = w.provider()
  await provider.ensure(intent, w.call())
  w.clock.advance(6 * minute)
  const heal = w.azure.faults.plan({
    answer: 'stale',
    on: ['roleAssignmentScheduleInstances/read'],
    count: 1,
  })
  expect(await provider.remove(intent, w.call())).toBe('absent')
  heal()
  expect(w.getsIn(intent)).toBe(false)
})

describe('whose request is not to be seen yet', () => {
  const lag = () => w.azure.faults.plan({ answer: 'stale', on: ['roleAssignmentScheduleRequests/read'] })

  test('what is there is neither gone nor somebody else’s', async () => {
    const intent = w.intent(1)
    const provider = w.provider()
    await provider.ensure(intent, w.call())
    const heal = lag()
    for (const ask of [provider.remove, provider.inspect, provider.ensure])
      expect(await fault(ask(intent, w.call()))).toMatchObject({
        kind: 'unavailable',
        message: expect.stringMatching(/who asked for it/),
      })
    expect(w.getsIn(intent)).toBe(true)
    heal()
    expect(await fault(provider.remove(intent, w.call()))).toMatchObject({
      kind: 'conflict',
      message: expect.stringMatching(/within 5 minutes of its start/),
    })
  })

  test('a grant is not refused as taken', async () => {
    const intent = w.intent(1)
    const heal = lag()
    expect(await fault(w.provider().ensure(intent, w.call()))).toMatchObject({ kind: 'unavailable' })
    heal()
    expect(await w.provider().ensure(intent, w.call())).toMatchObject({ kind: 'present' })
  })
})

test('who is new in the directory is found after a while', async () => {
  w.azure.setPrincipal(person(1), 'new')
  expect(await fault(w.provider().ensure(w.intent(1), w.call()))).toMatchObject({ kind: 'conflict' })
  w.azure.setPrincipal(person(1), 'User')
  expect(await w.provider().ensure(w.intent(1), w.call())).toMatchObject({ kind: 'present' })
})

test('who is not in the directory after ten minutes is nobody', async () => {
  const intent = w.intent(1)
  w.azure.setPrincipal(person(1), undefined)
  w.clock.advance(9 * minute)
  expect(await fault(w.provider().ensure(intent, w.call()))).toMatchObject({ kind: 'conflict' })
  w.clock.advance(minute)
  expect(await fault(w.provider().ensure(intent, w.call()))).toMatchObject({
    kind: 'invalid',
    message: expect.stringMatching(/does not exist in the directory/),
  })
})

test('what is left of a grant may be too short for PIM', async () => {
  const intent = w.intent(1)
  w.clock.advance(intent.endsAt - w.clock.now() - 4 * minute)
  expect(await fault(w.provider().ensure(intent, w.call()))).toMatchObject({
    kind: 'invalid',
    message: expect.stringMatching(/less than 5 minutes, and 240 s are left/),
  })
})

describe('the shortest that the check lets pass', () => {
  const offer = { cloudRole: reader, scope: subscription }
  /** In whole minutes, as people write it. */
  const shortest = [...Array(30).keys()].find(
    (minutes) =>
      refusals('azure', { ...offer, principal: person(1), seconds: minutes * 60 }, { azure: { mode: 'pim' } })
        .length === 0,
  )
  const least = (shortest ?? 0) * minute

  test('is given although its seal and two calls without an answer take all the time that they may', async () => {
    const world = memoryWorld()
    const mine = await azureWorld('pim', world.clock)
    world.deps.providers.set('azure', mine.provider())
    const now = world.clock.now()
    const intent = mine.intent(1, { startsAt: now, endsAt: now + least })
    await world.open(intent)
    world.clock.advance(sealMs)
    mine.azure.faults.plan({
      answer: 'unavailable',
      on: ['roleAssignmentScheduleInstances/read'],
      count: 2,
      met: () => world.clock.advance(callMs),
    })
    await world.settle(now + minute)
    expect(await world.store.grant(intent.grant)).toMatchObject({ state: 'active' })
    expect(mine.getsIn(intent)).toBe(true)
    // As the intent says, to the second, and not as PIM would have it.
    expect(mine.azure.pim.active()[0]?.endsAt).toBeGreaterThan(intent.endsAt - 1000)
    expect(mine.azure.pim.active()[0]?.endsAt).toBeLessThanOrEqual(intent.endsAt)
    await mine.azure.close()
  })

  test('is what a role of roles.yaml has to be offered for, or check says so', async () => {
    w.offers.push({ ...offer, seconds: least / 1000 })
    expect(await w.provider().check(w.call())).toEqual([])
    w.offers.push({ ...offer, seconds: 300 })
    expect(await w.provider().check(w.call())).toEqual([
      expect.stringMatching(/^roles\.yaml: 5m is too short: .*: ask for 6m$/),
    ])
  })
})

describe('a custom role that is renamed while it is granted', () => {
  const given = async () => {
    const role = w.azure.addRole('On call')
    const intent = w.intent(1, { cloudRole: 'On call' })
    const provider = w.provider()
    await provider.ensure(intent, w.call())
    w.clock.advance(6 * minute)
    w.azure.renameRole(role, 'On duty')
    const stands = () => w.getsIn({ ...intent, cloudRole: role })
    return { role, intent, provider, stands }
  }

  test('is still there, and gone when it is revoked', async () => {
    const { intent, provider, stands } = await given()
    expect(await provider.inspect(intent, w.call())).toMatchObject({ kind: 'present' })
    expect((await provider.list(w.call(), [intent])).bindings).toMatchObject([
      { handle: provider.bindingKey(intent), grant: intent.grant },
    ])
    expect(stands()).toBe(true)
    expect(await provider.remove(intent, w.call())).toBe('absent')
    expect(stands()).toBe(false)
  })

  test('is gone although reads lag', async () => {
    const { intent, provider, stands } = await given()
    const heal = w.azure.faults.plan({
      answer: 'stale',
      on: ['roleAssignmentScheduleInstances/read'],
      count: 1,
    })
    expect(await provider.remove(intent, w.call())).toBe('absent')
    heal()
    expect(stands()).toBe(false)
  })

  test('is gone with the last grant that shares it', async () => {
    const { intent, provider, stands } = await given()
    const sharer = w.intent(2, { cloudRole: 'On call', principal: intent.principal })
    expect(await provider.remove(sharer, w.call())).toBe('absent')
    expect(stands()).toBe(false)
  })

  test('is not another role that has its name now', async () => {
    const { intent, provider, stands } = await given()
    const next = w.azure.addRole('On call')
    w.azure.pim.request(subscription, stranger, {
      ...theirs,
      roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${next}`,
      requestType: 'AdminAssign',
      justification: 'by hand',
      scheduleInfo: { expiration: { type: 'AfterDuration', duration: 'PT7200S' } },
    })
    expect(await provider.remove(intent, w.call())).toBe('absent')
    expect(stands()).toBe(false)
    expect(w.getsIn({ ...intent, cloudRole: next })).toBe(true)
  })
})

describe('a role that is written in two ways', () => {
  test.each([
    ['by its id and by its name', reader, 'Reader'],
    ['by its name and by its id', 'Reader', reader],
  ])('%s is one assignment: the first grant’s, and nobody else takes it', async (_how, first, second) => {
    const provider = w.provider()
    const one = w.intent(1, { cloudRole: first })
    const other = w.intent(2, { cloudRole: second, principal: one.principal })
    const stands = () => w.getsIn({ ...one, cloudRole: reader })
    await provider.ensure(one, w.call())
    expect(await fault(provider.ensure(other, w.call()))).toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(/gitsudo’s own, .* under another way to write this role/),
    })
    w.clock.advance(6 * minute)
    expect(await provider.inspect(other, w.call())).toEqual({ kind: 'absent' })
    expect(await provider.remove(other, w.call())).toBe('absent')
    expect(stands()).toBe(true)
    const { bindings } = await provider.list(w.call(), [])
    expect(bindings.map(({ handle }) => handle)).toEqual([provider.bindingKey(one)])
    expect(await provider.remove(one, w.call())).toBe('absent')
    expect(stands()).toBe(false)
    expect(await provider.ensure(other, w.call())).toMatchObject({ kind: 'present' })
  })

  test('in letters of another case is the same by its id, and none by its name', async () => {
    const [provider, intent] = [w.provider(), w.intent(1)]
    for (const change of [
      { cloudRole: reader.toUpperCase() },
      { principal: person(1).toUpperCase() },
      { scope: subscription.replace(/[^/]+$/, (id) => id.toUpperCase()) },
    ])
      expect(provider.bindingKey(w.intent(2, { principal: person(1), ...change }))).toBe(
        provider.bindingKey(intent),
      )
    expect(await fault(provider.ensure(w.intent(1, { cloudRole: 'reader' }), w.call()))).toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(/no role that is called reader/),
    })
  })
})

describe('the policy of a role', () => {
  const day = 86_400_000
  const standard = { maximum: 'P180D', maximumMs: 180 * day }

  test('may want a ticket, and gets the request’s id', async () => {
    w.azure.pim.setPolicy(reader, { ...standard, ticket: true })
    expect(await w.provider().ensure(w.intent(1), w.call())).toMatchObject({ kind: 'present' })
  })

  test.each([
    [{ ...standard, mfa: true }, /MfaRule/, /multifactor authentication of whoever assigns Reader/],
    [{ maximum: 'PT30M', maximumMs: 30 * minute }, /ExpirationRule/, /for 30m, and roles\.yaml offers 4h/],
  ])('that refuses is told by check, and by the grant that fails: %j', async (policy, refused, told) => {
    const offer = { cloudRole: 'Reader', scope: subscription, seconds: 4 * 3600 }
    w.offers.push(offer, { ...offer, cloudRole: 'Contributor' })
    expect(await w.provider().check(w.call())).toEqual([])
    w.azure.pim.setPolicy(reader, policy)
    expect(await w.provider().check(w.call())).toEqual([expect.stringMatching(told)])
    expect(await fault(w.provider().ensure(w.intent(1), w.call()))).toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(refused),
    })
  })
})
